/** To the process that plays the nodes. */
export type ToWorld =
  | { readonly kind: 'play'; readonly pairs: number; readonly password: string }
  /** All at once: the primaries of these pairs. */
  | { readonly kind: 'kill'; readonly pairs: readonly number[] }
  | { readonly kind: 'count' };

/** And back. Times are in ms on the monotonic clock. */
export type FromWorld =
  | { readonly kind: 'playing'; readonly ports: readonly (readonly [number, number])[] }
  | { readonly kind: 'died'; readonly pair: number; readonly node: 'a' | 'b'; readonly ms: number }
  | { readonly kind: 'promoted'; readonly pair: number; readonly ms: number }
  | { readonly kind: 'counted'; readonly changes: number };

/** To the process of the controller. */
export interface ControllerStart {
  readonly kind: 'start';
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly http: string;
  readonly probeMs: number;
}

/** `file`: where to leave a profile of what was since the message without one. */
export interface ControllerProfile {
  readonly kind: 'profile';
  readonly file?: string;
}

export type ToController = ControllerStart | ControllerProfile | Extract<FromWorld, { kind: 'died' }>;
