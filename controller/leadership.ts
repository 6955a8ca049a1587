/** How long this controller may still count on being the only one that acts (ms); 0: it may not act at all. */
export interface Leadership {
  leftMs(): number;
}
