import { Component, createRef, h } from "preact";

const SIDE = 720;

interface Props {
  blob: Blob;
  label: string;
}

/** A small picture, painted on a canvas: an image element would need `img-src blob:` in the page's policy. */
export class Thumb extends Component<Props> {
  private readonly canvas = createRef<HTMLCanvasElement>();

  override componentDidMount(): void {
    void this.paint();
  }

  override componentDidUpdate(before: Props): void {
    if (before.blob !== this.props.blob) void this.paint();
  }

  private async paint(): Promise<void> {
    // A picture that can't be read shows as an empty frame; it can still be removed.
    const bitmap = await createImageBitmap(this.props.blob).catch(() => null);
    const target = this.canvas.current;
    if (bitmap && target) {
      const scale = Math.min(1, SIDE / bitmap.width);
      target.width = Math.round(bitmap.width * scale);
      target.height = Math.round(bitmap.height * scale);
      target.getContext("2d")?.drawImage(bitmap, 0, 0, target.width, target.height);
    }
    bitmap?.close();
  }

  render() {
    return <canvas class="thumb" ref={this.canvas} role="img" aria-label={this.props.label} />;
  }
}
