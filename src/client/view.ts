// What the component and the views of its steps agree on.
import type { Field } from './field.ts'
import type { FlowActs, FlowState } from './flow.ts'
import type { Words } from './words.ts'

/** The view of one step: made when the step begins, told of each state of it, thrown away with it. */
export interface View<State = FlowState> {
  readonly root: Node
  /** What a problem may have to be corrected in. */
  readonly field: Field | null
  show(state: State): void
  /** Takes the keyboard, at the beginning of the step. */
  focus(): void
  stop(): void
}

export interface Stage {
  readonly words: Words
  readonly acts: FlowActs
  /** For the live region. */
  announce(text: string): void
  /** What the application asked for at this moment. */
  asked(): { readonly returnTo: string | undefined; readonly locale: string | undefined }
}

export type StateOf<Step extends FlowState['step']> = Extract<FlowState, { readonly step: Step }>
