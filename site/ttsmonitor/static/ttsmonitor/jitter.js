// A jitter buffer: received sound that was not played yet, read at the rate of the loudspeaker. It
// uses neither DOM nor Web Audio, so that the worklet and tests can run it.

const FIRST_TARGET = 0.06; // initial target: seconds of sound to buffer before playback begins
const HIGHEST_TARGET = 0.5;
const PATIENCE = 1.5; // factor of the target after a gap
const CALM = 0.01; // seconds that the target shrinks after an utterance without a gap
const HURRY_ABOVE = 0.6; // excess over the target, in seconds, that is played faster
const HURRY = 1.01; // speed then
const MOST_BEHIND = 1.5; // excess over the target, in seconds, that is skipped
const FADE = 0.005; // length of a fade, in seconds
const FALL = 0.0015; // time constant, in seconds, in which the last sample decays if sound is missing
const TAPS = 16;
const PHASES = 256;

const tables = new Map();

// A windowed sinc for each of PHASES positions between two samples. `width` < 1 lowers the cutoff,
// for a loudspeaker whose rate is lower than the voice's.
function tableFor(width) {
  let table = tables.get(width);
  if (table) return table;
  table = new Float32Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const x = tap - TAPS / 2 + 1 - phase / PHASES;
      const angle = Math.PI * x * width;
      const sinc = x === 0 ? 1 : Math.sin(angle) / angle;
      const hann = 0.5 + 0.5 * Math.cos((2 * Math.PI * x) / TAPS);
      table[phase * TAPS + tap] = sinc * hann;
      sum += sinc * hann;
    }
    for (let tap = 0; tap < TAPS; tap++) table[phase * TAPS + tap] /= sum;
  }
  tables.set(width, table);
  return table;
}

// The samples of an utterance from `base` on; samples already read are dropped.
class Run {
  constructor(rate, contextRate) {
    this.rate = rate;
    this.step = rate / contextRate;
    this.table = tableFor(Math.min(1, contextRate / rate));
    this.samples = new Float32Array(rate);
    this.length = 0;
    this.base = 0;
    this.at = 0; // position of the next read; it may lie between two samples
    this.ended = false;
  }

  get end() {
    return this.base + this.length;
  }

  get seconds() {
    return Math.max(0, this.end - this.at) / this.rate;
  }

  // The filter needs later samples; after the end of an utterance they are silence.
  get isReadable() {
    return this.at + (this.ended ? 0 : TAPS / 2) < this.end;
  }

  // Add sound from `position` on. Sound already played is not repeated.
  add(position, pcm) {
    if (position > this.end || position < this.base) {
      this.base = position;
      this.length = 0;
      this.at = Math.max(this.at, position);
    }
    this.length = position - this.base;
    this.makeRoom(pcm.length);
    for (let i = 0; i < pcm.length; i++) this.samples[this.length + i] = pcm[i] / 32768;
    this.length += pcm.length;
  }

  makeRoom(count) {
    if (this.length + count <= this.samples.length) return;
    const spent = Math.min(this.length, Math.max(0, Math.floor(this.at) - this.base - TAPS));
    this.samples.copyWithin(0, spent, this.length);
    this.base += spent;
    this.length -= spent;
    if (this.length + count <= this.samples.length) return;
    const larger = new Float32Array(2 * (this.length + count));
    larger.set(this.samples.subarray(0, this.length));
    this.samples = larger;
  }

  next(speed) {
    const whole = Math.floor(this.at);
    const first = whole - this.base - TAPS / 2 + 1;
    const row = Math.round((this.at - whole) * PHASES) * TAPS;
    let value = 0;
    for (let tap = 0; tap < TAPS; tap++) {
      const index = first + tap;
      if (index >= 0 && index < this.length) value += this.samples[index] * this.table[row + tap];
    }
    this.at += this.step * speed;
    return value;
  }
}

export class JitterBuffer {
  constructor(contextRate) {
    this.contextRate = contextRate;
    this.target = FIRST_TARGET;
    this.gaps = 0;
    this.runs = [];
    this.isPlaying = false;
    this.stopping = null; // positions to resume from after a pause
    this.gain = 0;
    this.last = 0; // the last sample that was read
    this.speed = 1;
    this.isDry = false; // everything was played before the end of the utterance
    this.hadGap = false;
  }

  /** Length of the buffered sound, in seconds. */
  get seconds() {
    return this.runs.reduce((sum, run) => sum + run.seconds, 0);
  }

  /** Process a message of the server: an ArrayBuffer with sound, or an object. */
  take(message) {
    if (message instanceof ArrayBuffer) {
      this.add(new DataView(message).getUint32(0, true), new Int16Array(message, 4));
    } else if (message.type === "start") {
      this.start(message.rate);
    } else if (message.type === "silence") {
      this.silence();
    } else if (message.type === "end") {
      this.end();
    }
  }

  /** Begin an utterance of `rate` samples per second. */
  start(rate) {
    this.dropHeld();
    this.runs.forEach((run) => (run.ended = true));
    this.runs = this.runs.filter((run) => run.isReadable);
    this.runs.push(new Run(rate, this.contextRate));
  }

  /** Add samples (Int16Array) of the utterance from `position` on. */
  add(position, pcm) {
    const run = this.runs.at(-1);
    if (!run || run.ended) return;
    if (this.stopping) {
      // Playback resumes after a pause. If it is muted, drop the sound held during the pause.
      if (pcm.every((sample) => sample === 0)) this.forget(run);
      else this.stopping.forEach(([held, at]) => (held.at = at));
      this.stopping = null;
    }
    if (this.isDry) this.learn();
    run.add(position, pcm);
    const late = this.seconds - this.target - MOST_BEHIND;
    if (late > 0) this.skip(late + MOST_BEHIND);
  }

  /** Fall silent. If sound of the same utterance follows, the buffered sound is played first. */
  silence() {
    this.stopping ??= this.runs.map((run) => [run, run.at]);
  }

  /** End the utterance. */
  end() {
    this.dropHeld();
    const run = this.runs.at(-1);
    if (run) run.ended = true;
  }

  /** Fill `output` (Float32Array). */
  read(output) {
    const fade = 1 / (FADE * this.contextRate);
    const fall = Math.exp(-1 / (FALL * this.contextRate));
    this.speed = this.seconds > this.target + HURRY_ABOVE ? HURRY : 1;
    for (let i = 0; i < output.length; i++) {
      const run = this.readable();
      const wanted = run && !this.stopping ? 1 : 0;
      this.gain += Math.max(-fade, Math.min(fade, wanted - this.gain));
      if (run && this.gain > 0) {
        this.last = this.gain * run.next(this.speed);
      } else {
        this.last = Math.abs(this.last) < 1e-4 ? 0 : this.last * fall;
      }
      output[i] = this.last;
    }
    if (this.stopping) this.isPlaying = false;
  }

  // The run to read from; null if nothing is to be played now.
  readable() {
    while (this.runs[0]?.ended && !this.runs[0].isReadable) this.finishFirst();
    const run = this.runs[0];
    if (!run) {
      this.isPlaying = false;
    } else if (this.isPlaying && !this.stopping && !run.isReadable) {
      this.isPlaying = false;
      this.isDry = true;
      this.gain = 0;
    } else if (!this.isPlaying && !this.stopping && run.isReadable) {
      this.isPlaying = run.ended || this.runs.length > 1 || run.seconds >= this.target;
    }
    const isFading = this.stopping && this.gain > 0;
    return (this.isPlaying || isFading) && run?.isReadable ? run : null;
  }

  // Raise the target, because sound came too late.
  learn() {
    this.isDry = false;
    this.hadGap = true;
    this.gaps += 1;
    this.target = Math.min(HIGHEST_TARGET, this.target * PATIENCE);
  }

  finishFirst() {
    this.runs.shift();
    this.isPlaying = false; // until enough of the next utterance is buffered
    if (!this.hadGap) this.target = Math.max(FIRST_TARGET, this.target - CALM);
    this.hadGap = this.isDry = false;
  }

  dropHeld() {
    if (!this.stopping) return;
    const run = this.runs.at(-1);
    if (run) this.forget(run);
    this.stopping = null;
  }

  // Drop all buffered sound; keep the position in the current utterance.
  forget(run) {
    this.runs = [run];
    run.at = run.end;
    this.isPlaying = false;
    this.gain = 0;
  }

  skip(seconds) {
    for (const run of this.runs) {
      const skipped = Math.min(seconds, run.seconds);
      run.at += skipped * run.rate;
      seconds -= skipped;
    }
    this.gain = 0;
  }
}
