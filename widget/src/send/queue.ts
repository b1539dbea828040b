import { warn } from "../stage/own";
import { openShelf, type Parcel, type Shelf } from "./store";
import { inTurn } from "./turn";
import { backoff, type Heard, judge } from "./verdict";

export interface Outside {
  post(parcel: Parcel): Promise<Heard>;
  now(): number;
  random(): number;
  later(act: () => void, ms: number): void;
  changed(parcel: Parcel): void;
  flag(waiting: boolean): void;
}

/** The reports that wait in this browser. A report leaves only when the server has said that it has it. */
export class Queue {
  private running: Promise<void> | null = null;
  private wanted = false;
  private rush = false;
  private shelf: Promise<Shelf> = openShelf();
  /** The reports of this page that wait. Another tab may be the one that sends them. */
  private readonly own = new Set<string>();

  constructor(private readonly outside: Outside) {}

  /** Takes a report; it goes out once `taken` is done. */
  async add(parcel: Parcel, taken?: () => Promise<void>): Promise<void> {
    await this.save(parcel);
    this.own.add(parcel.id);
    await taken?.();
    this.outside.flag(true);
    this.outside.changed(parcel);
    void this.run();
  }

  async list(projectKey: string): Promise<Parcel[]> {
    const parcels = await this.all();
    return parcels.filter((parcel) => parcel.projectKey === projectKey).sort((a, b) => a.madeAt - b.madeAt);
  }

  async lasts(): Promise<boolean> {
    return (await this.shelf).lasting;
  }

  async remove(id: string): Promise<void> {
    await (await this.shelf).remove("parcels", id);
    await this.settle();
  }

  /** Makes everything due now: the network is back, or somebody pressed "try again". */
  hurry(): Promise<void> {
    this.rush = true;
    return this.run();
  }

  /** Sends what is due. Calls that come while it runs make it run once more. */
  run(): Promise<void> {
    this.wanted = true;
    this.running ??= this.work()
      .catch(warn)
      .finally(() => {
        this.running = null;
      });
    return this.running;
  }

  private async work(): Promise<void> {
    while (this.wanted) {
      this.wanted = false;
      await inTurn(() => this.round());
    }
  }

  /** Parcels change only in here, within the turn, so that no tab undoes what another has just learned. */
  private async round(): Promise<void> {
    const { rush } = this;
    this.rush = false;
    for (const parcel of await this.waiting())
      if (rush || parcel.nextAt <= this.outside.now()) await this.attempt(parcel);
    for (const parcel of await this.all()) if (parcel.state !== "waiting" && this.own.has(parcel.id)) this.tell(parcel);
    const next = Math.min(...(await this.settle()).map((parcel) => parcel.nextAt));
    if (Number.isFinite(next)) this.outside.later(() => void this.run(), Math.max(next - this.outside.now(), 250));
  }

  private async attempt(parcel: Parcel): Promise<void> {
    const { now, random } = this.outside;
    const heard = await this.outside.post(parcel).catch(() => null);
    const verdict = heard ? judge(heard, now()) : ({ kind: "again", afterMs: null } as const);
    let after: Parcel;
    if (verdict.kind === "sent") {
      // All of it is the server's now; only the receipt stays, until it has been shown.
      const report = { clientId: parcel.id, blocks: [], context: {} };
      after = { ...parcel, state: "sent", answer: verdict.answer, report, files: {} };
    } else if (verdict.kind === "final") {
      after = { ...parcel, state: "failed", failure: verdict.failure, said: verdict.said };
    } else {
      const wait = Math.max(backoff(parcel.tries, random()), verdict.afterMs ?? 0);
      after = { ...parcel, tries: parcel.tries + 1, nextAt: now() + wait };
    }
    await this.save(after);
    this.tell(after);
  }

  private tell(parcel: Parcel): void {
    if (parcel.state !== "waiting") this.own.delete(parcel.id);
    this.outside.changed(parcel);
  }

  private async all(): Promise<Parcel[]> {
    return (await this.shelf).all<Parcel>("parcels");
  }

  private async waiting(): Promise<Parcel[]> {
    const parcels = await this.all();
    return parcels.filter((parcel) => parcel.state === "waiting").sort((a, b) => a.madeAt - b.madeAt);
  }

  private async save(parcel: Parcel): Promise<void> {
    await (await this.shelf).put("parcels", parcel.id, parcel);
  }

  /** Says whether anything still waits, and returns what does. */
  private async settle(): Promise<Parcel[]> {
    const waiting = await this.waiting();
    this.outside.flag(waiting.length > 0);
    return waiting;
  }
}
