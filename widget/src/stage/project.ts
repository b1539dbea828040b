import type { Channel, Mascot, Project } from "../types";
import { MASCOTS } from "./faces-data";
import { bare, own, ownString, warn } from "./own";

/** The project's settings as the server bakes or answers them, checked: the page around may have been tampered with. */
export function projectOf(settings: unknown, key: string | null): Project {
  const channels = own(settings, "channels");
  const patterns = own(settings, "urlPatterns");
  return {
    key: ownString(settings, "projectKey") ?? key,
    channels: Array.isArray(channels) ? channels.map(channelOf).filter((channel) => channel !== null) : [],
    defaultChannelKey: ownString(settings, "defaultChannelKey"),
    urlPatterns: Array.isArray(patterns) ? patterns.filter((pattern) => typeof pattern === "string") : [],
    paused: own(settings, "paused") === true,
  };
}

function channelOf(value: unknown): Channel | null {
  const key = ownString(value, "key");
  if (key === null || own(value, "archived") === true) return null;
  const mascot = ownString(value, "mascot") as Mascot;
  return {
    key,
    name: ownString(value, "name") ?? key,
    mascot: MASCOTS.includes(mascot) ? mascot : "fox",
  };
}

/** Fetches settings; null when the key is unknown. A server out of reach gives no settings, and the widget starts plain. */
export async function fetchSettings(address: string, unknown: string): Promise<unknown> {
  try {
    const answer = await fetch(address, bare<RequestInit>({ credentials: "omit", referrerPolicy: "no-referrer" }));
    if (answer.status === 404) {
      warn(unknown);
      return null;
    }
    if (answer.ok) return await answer.json();
    warn(`${address} answered ${answer.status}`);
  } catch {
    warn(`${address} is out of reach. Does the page's Content-Security-Policy allow it in connect-src?`);
  }
  return {};
}
