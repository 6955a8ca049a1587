import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../crd/status.ts';
import { frame, sparkColumns } from './frame.ts';
import type { DemoEvent, NodeScene, Scene, StepState } from './scene.ts';
import type { Screen } from './screen.ts';
import { botNames, nodeNames, type Stage } from './stage.ts';
import { tellChanges } from './status-story.ts';
import type { StepResult } from './step-result.ts';
import type { WriteMeter } from './write-meter.ts';

const redrawMs = 100;
/** A bot counts as working for so long (ms) after its record grew: it writes every 10 ms. */
const workingMs = 150;

export interface NarratorOptions {
  readonly steps: readonly string[];
  /** Draws pictures; absent: plain lines, one an event. */
  readonly screen: Screen | undefined;
  readonly print: (line: string) => void;
}

/** Tells what goes on: as a picture that is kept up to date, or line by line. */
export class Narrator {
  readonly #options: NarratorOptions;
  readonly #start = performance.now();
  readonly #states: StepState[];
  readonly #events: DemoEvent[] = [];
  readonly #results: StepResult[] = [];
  readonly #records = new Map<string, { size: number; grewAt: number }>();
  readonly #timer: NodeJS.Timeout | undefined;
  #stage: Stage | undefined;
  #meter: WriteMeter | undefined;
  #says = 'Setting the stage …';
  #status: Status = {};

  constructor(options: NarratorOptions) {
    this.#options = options;
    this.#states = options.steps.map(() => 'todo');
    if (options.screen !== undefined) this.#timer = setInterval(() => this.#draw(), redrawMs);
  }

  stageIs(stage: Stage): void {
    this.#stage = stage;
  }

  meterIs(meter: WriteMeter): void {
    this.#meter = meter;
  }

  statusIs(status: Status): void {
    for (const text of tellChanges(this.#status, status)) this.#event('understudy', text);
    this.#status = status;
  }

  /** A step begins; what it shows, in a sentence or two. */
  begin(name: string, says: string): void {
    this.#says = says;
    this.#states[this.#options.steps.indexOf(name)] = 'now';
    if (this.#options.screen === undefined) this.#print(`${name}: ${says}`);
    this.#draw();
    this.#options.screen?.mark(`${name}: before`);
  }

  /** What the demo itself does. */
  tell(text: string): void {
    this.#event('demo', text);
  }

  end(name: string, result?: StepResult): void {
    this.#states[this.#options.steps.indexOf(name)] = 'done';
    if (result !== undefined) this.#results.push(result);
    this.#draw();
    this.#options.screen?.mark(`${name}: after`);
  }

  /** The last words, which stay on the terminal. */
  close(lines: readonly string[]): void {
    clearInterval(this.#timer);
    const { screen, print } = this.#options;
    if (screen === undefined) for (const line of lines) print(line);
    else {
      screen.close(lines);
      screen.mark('results');
    }
  }

  #event(by: DemoEvent['by'], text: string): void {
    this.#events.push({ elapsedMs: this.#elapsed(), by, text });
    if (this.#options.screen === undefined) this.#print(`  ${by}: ${text}`);
  }

  #print(line: string): void {
    this.#options.print(`[${(this.#elapsed() / 1_000).toFixed(1).padStart(5)} s] ${line}`);
  }

  #elapsed(): number {
    return performance.now() - this.#start;
  }

  #draw(): void {
    this.#options.screen?.draw(frame(this.#scene()));
  }

  #scene(): Scene {
    const { steps } = this.#options;
    return {
      elapsedMs: this.#elapsed(),
      steps: steps.map((name, index) => ({ name, state: this.#states[index] ?? 'todo' })),
      says: this.#says,
      status: this.#status,
      nodes: this.#nodes(),
      bots: botNames,
      rates: this.#meter?.rates(sparkColumns) ?? [],
      ackedWrites: this.#meter?.total ?? 0,
      events: this.#events,
      results: this.#results,
    };
  }

  #nodes(): NodeScene[] {
    const stage = this.#stage;
    if (stage === undefined) return nodeNames.map((name) => ({ name, port: 0, working: [] }));
    const grown = this.#grownRecords(stage.records);
    return nodeNames.map((name) => ({
      name,
      port: stage.address[name].port,
      working: botNames.filter((bot) => grown.some((file) => file.startsWith(`${bot}@${name}.`))),
    }));
  }

  #grownRecords(folder: string): string[] {
    const now = performance.now();
    return readdirSync(folder).filter((name) => {
      const { size } = statSync(join(folder, name));
      const before = this.#records.get(name);
      const grewAt = size === before?.size ? before.grewAt : now;
      this.#records.set(name, { size, grewAt });
      return now - grewAt < workingMs;
    });
  }
}
