import { Component, h } from "preact";
import { Tool } from "./icons";
import type { RoomModel } from "./model";
import { tools } from "./tools";

interface Props {
  room: RoomModel;
  blob: Blob;
  durationMs: number;
}

/** A voice note in the thread, with a button to hear it. */
export class Sound extends Component<Props, { stop: (() => void) | null }> {
  override state = { stop: null as (() => void) | null };

  override componentWillUnmount(): void {
    this.state.stop?.();
  }

  private readonly toggle = async (): Promise<void> => {
    if (this.state.stop) return this.state.stop();
    const { play } = await tools();
    const stop = await play(this.props.blob, () => this.setState({ stop: null })).catch(() => null);
    this.setState({ stop });
  };

  render() {
    const { room, durationMs } = this.props;
    const { stop } = this.state;
    return (
      <div class="sound">
        <Tool
          icon={stop ? "stop" : "play"}
          label={stop ? room.texts.stop : room.texts.play}
          act={() => void this.toggle()}
        />
        <span>
          {room.texts.voice} · {clock(durationMs)}
        </span>
      </div>
    );
  }
}

export function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
