import { token } from "./settings.js";

/** What the server answered to a request it did not grant. */
export class RESTError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/**
 * One request to this page's own server, as whoever's token this tab has.
 * @param {string} path below `/api/v1/`
 * @param {{method?: string, body?: string | Blob}} how `body`: JSON
 * @returns {Promise<Response>}
 */
export async function ask(path, { method = "GET", body } = {}) {
  const secret = token();
  const headers = { ...(secret && { authorization: `Bearer ${secret}` }), ...(body !== undefined && { "content-type": "application/json" }) };
  let response;
  try { response = await fetch(`/api/v1/${path}`, { method, body, headers }); } catch {
    throw new RESTError(0, "The server does not answer.");
  }
  if (response.ok) return response;
  const { detail } = await response.json().catch(() => ({}));
  throw new RESTError(response.status, detail ?? `The server answered with ${response.status}.`);
}

export const askJSON = async (path, how) => (await ask(path, how)).json();

/** @param {string} id of a workflow */
export const pathOf = (id) => `workflows/${encodeURIComponent(id)}`;
