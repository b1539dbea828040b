import { h } from "preact";
import { Face } from "./icons";
import type { RoomModel } from "./model";

/** Which channel the report goes to. Chosen or not, the server has the last word. */
export function Channels({ room }: { room: RoomModel }) {
  const { channels, defaultChannelKey } = room.app.project;
  if (channels.length < 2) return <div class="rule" />;
  const chosen = room.channel ?? defaultChannelKey ?? channels[0]?.key;
  const choose = (key: string): void => {
    room.app.channel = null;
    room.write({ channel: key });
  };
  return (
    <fieldset class="chan">
      <legend class="unseen">{room.texts.channels}</legend>
      {channels.map((channel) => (
        <label key={channel.key} data-on={channel.key === chosen ? "" : undefined}>
          <input
            type="radio"
            name="br-channel"
            class="unseen"
            value={channel.key}
            checked={channel.key === chosen}
            onChange={() => choose(channel.key)}
          />
          <Face app={room.app} mascot={channel.mascot} />
          {channel.name}
        </label>
      ))}
    </fieldset>
  );
}
