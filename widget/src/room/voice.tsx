import { Component, createRef, h } from "preact";
import type { Recorder } from "../voice/recorder";
import type { RoomModel } from "./model";
import { clock } from "./sound";

const MOST_MS = 5 * 60_000;

interface Props {
  room: RoomModel;
  recorder: Recorder;
  done(): void;
}

/** The running recording: how loud, how long, and the way to end it. */
export class Voice extends Component<Props, { elapsed: number }> {
  override state = { elapsed: 0 };
  private readonly meter = createRef<HTMLMeterElement>();
  private readonly stop = createRef<HTMLButtonElement>();
  private ended = false;
  private timer = 0;

  override componentDidMount(): void {
    this.stop.current?.focus();
    this.timer = window.setInterval(() => {
      const { recorder } = this.props;
      if (this.meter.current) this.meter.current.value = recorder.level();
      const elapsed = recorder.elapsedMs();
      this.setState({ elapsed });
      if (elapsed >= MOST_MS) void this.finish();
    }, 100);
  }

  override componentWillUnmount(): void {
    clearInterval(this.timer);
    // Closing the room in the middle keeps what was said so far.
    void this.finish();
  }

  private async finish(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    const { room, recorder, done } = this.props;
    const recording = await recorder.stop();
    done();
    if (recording) room.add({ type: "audio", ...recording });
    else room.warn(room.texts.tooLarge);
  }

  private readonly cancel = (): void => {
    this.ended = true;
    this.props.recorder.cancel();
    this.props.done();
  };

  render() {
    const { texts } = this.props.room;
    return (
      <div class="voice" role="group" aria-label={texts.recording}>
        <i aria-hidden="true" />
        <span>
          {clock(Math.min(this.state.elapsed, MOST_MS))} / {clock(MOST_MS)}
        </span>
        <meter ref={this.meter} min={0} max={1} aria-label={texts.level} />
        <button class="link" onClick={this.cancel}>
          {texts.cancel}
        </button>
        <button class="stop" onClick={() => void this.finish()} ref={this.stop}>
          {texts.stop}
        </button>
      </div>
    );
  }
}
