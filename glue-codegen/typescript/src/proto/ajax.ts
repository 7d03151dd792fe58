/** What a request to the Ajax endpoint asks for. */
export type AjaxRequest =
  | { readonly kind: "init" }
  | { readonly kind: "poll"; readonly uid: string; readonly token: string }
  | { readonly kind: "push"; readonly uid: string; readonly message: string };

/** The answer to an init: the secret name of the session, and the token of the first poll. */
export interface AjaxInit {
  readonly uid: string;
  readonly token: string;
}

/** The answer to a poll. A message comes with the token of the next poll, which confirms it. */
export type AjaxAnswer =
  | { readonly kind: "message"; readonly token: string; readonly message: string }
  | { readonly kind: "timed_out" }
  | { readonly kind: "closed" };

/** Writes the body of a request. */
export function encodeAjaxRequest(request: AjaxRequest): string {
  if (request.kind === "init") return "i";
  return request.kind === "poll" ? `o${request.uid}&${request.token}` : `u${request.uid}&${request.message}`;
}

/** Reads the answer to an init. */
export function decodeAjaxInit(text: string): AjaxInit | undefined {
  const [, uid, token] = /^([0-9A-Za-z]{10})&([0-9A-Za-z]{7})$/.exec(text) ?? [];
  return uid && token ? { uid, token } : undefined;
}

/** Reads the answer to a poll. */
export function decodeAjaxAnswer(text: string): AjaxAnswer | undefined {
  if (text === "t") return { kind: "timed_out" };
  if (text === "c") return { kind: "closed" };
  const [, token, message = ""] = /^([0-9A-Za-z]{7})&(.*)$/s.exec(text) ?? [];
  return token ? { kind: "message", token, message } : undefined;
}
