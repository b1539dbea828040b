import { Component, createRef, h } from "preact";
import type { Texts } from "../i18n/en";
import { Tool } from "../room/icons";
import { blankCanvas, canvasFrom, encode, type Picture } from "./encode";
import { cropOf, drawMark, type Mark, type MarkKind, nudged, type Point, rectOf } from "./marks";

export interface EditorProps {
  texts: Texts;
  blob: Blob;
  hint: string;
  done(picture: Picture): void;
  cancel(): void;
}

const TOOLS: readonly MarkKind[] = ["redact", "arrow", "box", "pen", "text", "crop"];

interface State {
  kind: MarkKind;
  marks: Mark[];
  words: string;
  /** What a screen reader hears. */
  said: string;
}

/** A small picture editor. Every mark becomes pixels; nothing under a redaction leaves the browser. */
export class Editor extends Component<EditorProps, State> {
  override state: State = { kind: "redact", marks: [], words: "", said: "" };
  private readonly canvas = createRef<HTMLCanvasElement>();
  private readonly panel = createRef<HTMLDivElement>();
  private source = blankCanvas(1, 1);
  private unit = 3;
  private drawing: Mark | null = null;
  /** Null once the picture has been read: before, there is nothing to mark and nothing to keep. */
  private reading: Promise<void> | null = null;
  private ended = false;

  override componentDidMount(): void {
    this.panel.current?.focus({ preventScroll: true });
    this.reading = canvasFrom(this.props.blob).then((source) => {
      this.reading = null;
      this.source = source;
      this.unit = Math.max(2, Math.round(Math.max(source.width, source.height) / 360));
      this.paint();
    }, this.props.cancel);
  }

  override componentDidUpdate(): void {
    this.paint();
  }

  private paint(extra: Mark[] = []): void {
    if (this.canvas.current) paint(this.canvas.current, this.source, [...this.state.marks, ...extra], this.unit);
  }

  private add(mark: Mark): void {
    const text = this.state.words.trim();
    if (mark.kind === "text" && !text) return;
    this.keep([...this.state.marks, mark.kind === "text" ? { ...mark, text } : mark], mark.kind);
  }

  private readonly undo = (): void => this.keep(this.state.marks.slice(0, -1), "undo");

  private keep(marks: Mark[], what: MarkKind | "undo"): void {
    this.setState({ marks, said: `${this.props.texts[what]}: ${marks.length}` });
  }

  /** Where the pointer is, in the picture's own pixels. */
  private at(event: PointerEvent): Point {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.x) / box.width) * canvas.width,
      y: ((event.clientY - box.y) / box.height) * canvas.height,
    };
  }

  private readonly down = (event: PointerEvent): void => {
    const { kind } = this.state;
    if (this.reading) return;
    const at = this.at(event);
    this.canvas.current?.setPointerCapture(event.pointerId);
    if (kind === "text") this.add({ kind, points: [at] });
    else this.drawing = { kind, points: [at, at] };
  };

  private readonly move = (event: PointerEvent): void => {
    const mark = this.drawing;
    if (!mark) return;
    const at = this.at(event);
    mark.points = mark.kind === "pen" ? [...mark.points, at] : [mark.points[0] ?? at, at];
    this.paint([mark]);
  };

  private readonly up = (): void => {
    const mark = this.drawing;
    this.drawing = null;
    if (!mark) return;
    const { width, height } = rectOf(mark);
    if (width + height > 6) this.add(mark);
  };

  private readonly keys = (event: KeyboardEvent): void => {
    const { kind, marks } = this.state;
    const step = ARROWS[event.key];
    const last = marks.at(-1);
    if (this.reading) return;
    if (event.key === "Enter") this.add(middle(kind, this.source));
    else if (step && last) {
      const by = this.unit * 4;
      this.setState({ marks: [...marks.slice(0, -1), nudged(last, step[0] * by, step[1] * by, event.shiftKey)] });
    } else return;
    event.preventDefault();
  };

  private readonly panelKeys = (event: KeyboardEvent): void => {
    event.stopPropagation();
    // Leaving in haste loses no redaction: marks that were made are kept.
    if (event.key === "Escape") this.state.marks.length ? void this.finish() : this.props.cancel();
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) this.undo();
    if (event.key === "Tab") stay(event, this.panel.current);
  };

  private readonly finish = async (): Promise<void> => {
    if (this.ended) return;
    this.ended = true;
    await this.reading;
    if (!this.reading) this.props.done(await encode(burnt(this.source, this.state.marks, this.unit)));
  };

  render() {
    const { texts, hint, cancel } = this.props;
    const { kind, marks, words, said } = this.state;
    return (
      <div
        class="editor"
        role="dialog"
        aria-modal="true"
        aria-label={texts.editor}
        tabIndex={-1}
        ref={this.panel}
        onKeyDown={this.panelKeys}
      >
        <div class="bar" role="toolbar" aria-label={texts.edit}>
          {TOOLS.map((each) => (
            <Tool
              key={each}
              icon={each}
              label={texts[each]}
              pressed={kind === each}
              act={() => this.setState({ kind: each })}
            />
          ))}
          <Tool icon="undo" label={texts.undo} act={this.undo} disabled={marks.length === 0} />
          <button class="link" onClick={cancel}>
            {texts.cancel}
          </button>
          <button class="send" onClick={() => void this.finish()}>
            {texts.done}
          </button>
        </div>
        <p class="unseen" role="status">
          {said}
        </p>
        {hint && <p class="hint">{hint}</p>}
        {kind === "text" && (
          <input
            class="words"
            aria-label={texts.text}
            placeholder={texts.text}
            value={words}
            maxLength={120}
            onInput={(event: Event) => this.setState({ words: (event.target as HTMLInputElement).value })}
          />
        )}
        <div class="stage">
          {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: its keys are the editor's, not a screen reader's. */}
          <canvas
            ref={this.canvas}
            tabIndex={0}
            role="application"
            aria-label={texts.canvas}
            onPointerDown={this.down}
            onPointerMove={this.move}
            onPointerUp={this.up}
            onPointerCancel={this.up}
            onKeyDown={this.keys}
          />
        </div>
      </div>
    );
  }
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Where the keyboard places a new mark: a quarter of the picture, in its middle. */
function middle(kind: MarkKind, { width, height }: HTMLCanvasElement): Mark {
  return {
    kind,
    points: [
      { x: width * 0.375, y: height * 0.375 },
      { x: width * 0.625, y: height * 0.625 },
    ],
  };
}

function paint(target: HTMLCanvasElement, source: HTMLCanvasElement, marks: readonly Mark[], unit: number): void {
  target.width = source.width;
  target.height = source.height;
  const pen = target.getContext("2d");
  if (!pen) return;
  pen.drawImage(source, 0, 0);
  for (const mark of marks) drawMark(pen, mark, unit);
  const crop = cropOf(marks, source.width, source.height);
  pen.fillStyle = "#1f1b16a6";
  pen.beginPath();
  pen.rect(0, 0, source.width, source.height);
  pen.rect(crop.x, crop.y, crop.width, crop.height);
  pen.fill("evenodd");
}

function burnt(source: HTMLCanvasElement, marks: readonly Mark[], unit: number): HTMLCanvasElement {
  const crop = cropOf(marks, source.width, source.height);
  const canvas = blankCanvas(crop.width, crop.height);
  const pen = canvas.getContext("2d");
  pen?.translate(-crop.x, -crop.y);
  pen?.drawImage(source, 0, 0);
  if (pen) for (const mark of marks) drawMark(pen, mark, unit);
  return canvas;
}

/** Keeps the Tab key inside the dialog. */
function stay(event: KeyboardEvent, panel: HTMLElement | null): void {
  const all = [...(panel?.querySelectorAll<HTMLElement>("button:not([disabled]),input,canvas") ?? [])];
  const active = (panel?.getRootNode() as ShadowRoot | undefined)?.activeElement;
  const [first, last] = [all[0], all.at(-1)];
  if (event.shiftKey ? active === first || active === panel : active === last) {
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }
}
