// Keep the screen on. Browsers have this on https: and on localhost only.

let lock = null;
let isWanted = false;

/** Keep the screen on until maySleep(). */
export async function stayAwake() {
  isWanted = true;
  if (lock && !lock.released) return;
  try {
    lock = await navigator.wakeLock?.request("screen");
  } catch {
    return; // the battery is low, or the page is not seen
  }
  if (!isWanted) lock?.release();
}

/** Let the screen go dark when the device wants to. */
export function maySleep() {
  isWanted = false;
  lock?.release();
  lock = null;
}

// A lock ends when the page is not seen.
document.addEventListener("visibilitychange", () => {
  if (isWanted && !document.hidden) stayAwake();
});
