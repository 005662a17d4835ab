// Requests to the server of this page.

const KEY = "tiankong-key";
const BUSY_TRIES = 5;

export class Refused extends Error {
  constructor(message, reason) {
    super(message);
    this.reason = reason;
  }
}

export function setKey(key) {
  sessionStorage.setItem(KEY, key);
}

// Returns the JSON answer. Calls `onBusy` if the server is busy, and tries again after the time that it asks for.
export async function ask(path, body, { signal, onBusy } = {}) {
  if (/[^\x21-\x7e]/.test(sessionStorage.getItem(KEY) ?? "")) {
    sessionStorage.removeItem(KEY); // no header can hold it
    throw new Refused("the key is invalid: it must consist of ASCII letters, digits and symbols", "key");
  }
  for (let tries = 0; ; tries += 1) {
    const response = await fetch(path, request(body, signal));
    const answer = await response.json().catch(() => undefined);
    if (response.ok && answer !== undefined) return answer;
    if (![429, 503].includes(response.status) || tries === BUSY_TRIES) {
      throw new Refused(answer?.error ?? (response.statusText || `HTTP ${response.status}`), answer?.reason ?? "fault");
    }
    onBusy?.();
    await pause(1000 * Number(response.headers.get("Retry-After") ?? 1), signal);
  }
}

function request(body, signal) {
  const headers = { "Content-Type": "application/json" };
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = `Bearer ${key}`;
  return body === undefined ? { headers, signal } : { method: "POST", headers, body: JSON.stringify(body), signal };
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
