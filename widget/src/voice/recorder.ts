/** Voice notes: WebM or MP4, whichever the browser records, at most 5 minutes and 10 MB (Patchrooms, "Widget"). */

export const MOST_MS = 5 * 60_000;
const MOST_BYTES = 10_000_000;
const TYPES = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4"];

export interface Recording {
  blob: Blob;
  durationMs: number;
}

export interface Recorder {
  /** How loud it is now, 0 to 1. */
  level(): number;
  elapsedMs(): number;
  stop(): Promise<Recording | null>;
  cancel(): void;
}

export const canRecord = (): boolean =>
  typeof MediaRecorder === "function" && typeof navigator.mediaDevices?.getUserMedia === "function";

/** Asks for the microphone and records. Rejects with the browser's own NotAllowedError and the like. */
export async function record(limit: () => void): Promise<Recorder> {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true },
  });
  const type = TYPES.find((known) => MediaRecorder.isTypeSupported(known));
  const recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: 64_000 });
  const meter = levelMeter(stream);
  const parts: Blob[] = [];
  const began = performance.now();
  let bytes = 0;
  recorder.ondataavailable = (event) => {
    parts.push(event.data);
    bytes += event.data.size;
    if (bytes > MOST_BYTES * 0.95) limit();
  };
  recorder.start(1_000);
  const timer = setTimeout(limit, MOST_MS);
  const elapsedMs = (): number => Math.min(Math.round(performance.now() - began), MOST_MS);
  const end = (): void => {
    clearTimeout(timer);
    meter.stop();
    for (const track of stream.getTracks()) track.stop();
  };
  return {
    level: meter.level,
    elapsedMs,
    stop: () =>
      new Promise((resolve) => {
        const durationMs = Math.max(1, elapsedMs());
        recorder.onstop = () => {
          end();
          const blob = new Blob(parts, { type: (recorder.mimeType || type || "audio/webm").split(";")[0] ?? "" });
          resolve(blob.size > 0 && blob.size <= MOST_BYTES ? { blob, durationMs } : null);
        };
        if (recorder.state === "inactive") recorder.onstop(new Event("stop"));
        else recorder.stop();
      }),
    cancel() {
      recorder.ondataavailable = null;
      if (recorder.state !== "inactive") recorder.stop();
      end();
    },
  };
}

function levelMeter(stream: MediaStream): { level(): number; stop(): void } {
  try {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    return {
      level() {
        analyser.getFloatTimeDomainData(samples);
        const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
        return Math.min(1, Math.sqrt(power) * 4);
      },
      stop: () => void context.close(),
    };
  } catch {
    return { level: () => 0, stop() {} };
  }
}

/** Plays a note through Web Audio: an audio element would need `media-src blob:` in the page's policy. */
export async function play(blob: Blob, ended: () => void): Promise<() => void> {
  const context = new AudioContext();
  const source = context.createBufferSource();
  source.buffer = await context.decodeAudioData(await blob.arrayBuffer());
  source.connect(context.destination);
  source.onended = () => {
    void context.close();
    ended();
  };
  source.start();
  return () => source.stop();
}
