// What a browser keeps for this page; one that keeps nothing forgets it when the page is left.

/** Keep `value` under `name`, in localStorage or sessionStorage. */
export function keep(storage, name, value) {
  try {
    window[storage].setItem(name, value);
  } catch {
    // It is switched off.
  }
}

/** What was kept; null where nothing was. */
export function kept(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}
