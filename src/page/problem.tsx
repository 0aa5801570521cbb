// How a "no" looks on a page that goes on: the summary above the heading, and the same words beside the field.
import { explain } from '../words/explain.ts'
import { timed, words } from './fill.tsx'
import type { Frame, Problem } from './view.ts'

/** The id of the field a problem is about, where there is one to correct. */
export type Field = 'email' | 'account' | 'code' | 'secret' | 'recovery-code'

export function problemText(frame: Frame, problem: Problem): string {
  const w = words(frame)
  const { title, detail } = explain(w, problem, frame.policy, frame.now)
  return w.frame.noAndWhy({ title, detail })
}

/** Stands before the heading and takes the focus (by script); with a field it leads there, without one it says what to do. */
export function Summary({ frame, problem, field }: { frame: Frame; problem: Problem; field: Field | null }) {
  const { nextStep } = explain(words(frame), problem, frame.policy, frame.now)
  const text = problemText(frame, problem)
  return (
    <div class="summary" role="alert" tabindex={-1} data-summary="">
      <h2>{words(frame).frame.problem}</h2>
      {field === null ? (
        <p>
          {timed(frame, text, problem.at)}
          {words(frame).gap}
          {nextStep}
        </p>
      ) : (
        <p>
          <a href={`#${field}`}>{text}</a>
        </p>
      )}
    </div>
  )
}

/** Beside the field, tied to it by aria-describedby. */
export function FieldProblem({ frame, problem, id }: { frame: Frame; problem: Problem; id: string }) {
  return (
    <p id={id} class="field-problem">
      {problemText(frame, problem)}
    </p>
  )
}
