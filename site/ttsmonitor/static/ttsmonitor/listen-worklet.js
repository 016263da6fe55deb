// Plays a JitterBuffer on the audio thread, and reports the level.
import { JitterBuffer } from "./jitter.js";

const TOLD_FRAMES = 2048;

class ListenProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.jitter = new JitterBuffer(sampleRate);
    this.frames = 0;
    this.level = 0;
    this.port.onmessage = ({ data }) => this.jitter.take(data);
  }

  process(_inputs, [output]) {
    this.jitter.read(output[0]);
    for (const sample of output[0]) this.level = Math.max(this.level, Math.abs(sample));
    this.frames += output[0].length;
    if (this.frames >= TOLD_FRAMES) {
      this.port.postMessage({ level: this.level });
      this.frames = 0;
      this.level = 0;
    }
    return true;
  }
}

registerProcessor("moxie-listen", ListenProcessor);
