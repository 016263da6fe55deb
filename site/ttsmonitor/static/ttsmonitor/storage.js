// Local storage for a page. A browser that blocks it forgets the values when the page is left.

/** Keep `value` under `name`, in localStorage or sessionStorage. */
export function keep(storage, name, value) {
  try {
    window[storage].setItem(name, value);
  } catch {
    // It is switched off.
  }
}

/** Return the stored value, or null. */
export function kept(storage, name) {
  try {
    return window[storage].getItem(name);
  } catch {
    return null;
  }
}
