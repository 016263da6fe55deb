// Plays the live speech in this page: from the server's WebSocket to the loudspeaker.
import { JitterBuffer } from "./jitter.js";
import { connect } from "./live.js";

const QUIET_MS = 12000; // the server says something every five seconds
const CONFIRM_BYTES = 8192;
const SCRIPT_FRAMES = 2048;
const SMOOTH_SECONDS = 0.015;

/**
 * Play what is said from now on, until close(). Throws where there is no Web Audio.
 *
 * wake()            in a click or a key, where the state is `blocked`.
 * onState(state)    connecting, live, blocked (the browser wants a click first), stale (it connects
 *                   again by itself), unavailable (the server plays nothing in browsers), or failed.
 * onLevel(level)    how loud it is now, 0 to 1.
 */
export function play({ volume, onState, onLevel }) {
  const context = new AudioContext({ latencyHint: "interactive" });
  const gain = new GainNode(context, { gain: volume });
  const ending = new AbortController();
  let live = null;
  let sink = null;
  let current = null; // what is being said
  let connection = "connecting";
  let state = "";

  // Sound that arrives while the browser plays nothing is dropped.
  const put = (message) => {
    if (message.type === "start") current = message;
    if (message.type === "end") current = null;
    if (context.state === "running") sink.put(message);
  };

  const report = () => {
    if (ending.signal.aborted) return;
    const isHeard = context.state === "running";
    const now = connection === "live" && !isHeard ? "blocked" : connection;
    if (now !== state) onState((state = now));
  };

  const wake = () => context.resume().catch(() => {});
  const changed = () => {
    if (context.state === "running" && current) sink.put(current);
    report();
  };
  context.addEventListener("statechange", changed, ending);
  wake();

  const start = async () => {
    gain.connect(context.destination);
    const makeNode = context.audioWorklet ? workletNode : scriptNode;
    sink = await makeNode(context, onLevel);
    if (ending.signal.aborted) return;
    sink.node.connect(gain);
    live = open();
  };

  const open = () => {
    let got = 0;
    let confirmed = 0;
    return connect("/ws/listen/", {
      quietMs: QUIET_MS,
      onEvent(event) {
        if (event.type === "snapshot") {
          got = confirmed = 0;
          connection = event.available ? "live" : "unavailable";
          report();
          if (!event.available) live?.close();
        }
        put(event);
      },
      onBytes(buffer) {
        got += buffer.byteLength;
        if (got - confirmed >= CONFIRM_BYTES) {
          confirmed = got;
          live.send({ type: "got", bytes: got });
        }
        put(buffer);
      },
      onStale(isStale) {
        if (!isStale || connection === "unavailable") return;
        put({ type: "end" });
        connection = "stale";
        report();
      },
    });
  };

  start().catch(() => {
    connection = "failed";
    report();
  });
  return {
    wake,
    setVolume: (value) => gain.gain.setTargetAtTime(value, context.currentTime, SMOOTH_SECONDS),
    close() {
      ending.abort();
      live?.close();
      context.close();
    },
  };
}

async function workletNode(context, onLevel) {
  await context.audioWorklet.addModule(new URL("./listen-worklet.js", import.meta.url));
  const node = new AudioWorkletNode(context, "moxie-listen", {
    numberOfInputs: 0,
    outputChannelCount: [1],
  });
  node.port.onmessage = ({ data }) => onLevel(data.level);
  const put = (message) =>
    node.port.postMessage(message, message instanceof ArrayBuffer ? [message] : []);
  return { node, put };
}

// Browsers offer no AudioWorklet on pages loaded over plain HTTP from another computer.
async function scriptNode(context, onLevel) {
  const jitter = new JitterBuffer(context.sampleRate);
  const node = context.createScriptProcessor(SCRIPT_FRAMES, 1, 1);
  node.onaudioprocess = ({ outputBuffer }) => {
    const output = outputBuffer.getChannelData(0);
    jitter.read(output);
    onLevel(output.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
  };
  return { node, put: (message) => jitter.take(message) };
}
