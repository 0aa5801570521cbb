// What the `type` of a problem leads to: every code a client can be answered with, and what to do about it.
import { paths } from '../core/paths.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { explain } from '../words/explain.ts'
import { words } from './fill.tsx'
import { layout } from './layout.tsx'
import type { Frame } from './view.ts'

/** Of what operators do a problem says this alone; the rest is on pages of the console. */
const OPERATORS: readonly string[] = ['person_unknown'] satisfies ReasonCode[]

/** Each once, of those that have words for whoever is answered with them: what happens in the outbox and in the console is seen by operators. */
const faces = Object.entries(reasons).flatMap(([code, reason]) =>
  code === reason.face && (reason.kind !== 'operator' || OPERATORS.includes(code)) ? [{ code, ...reason }] : [],
)

export function reasonsPage(frame: Frame): string {
  const w = words(frame)
  return layout(frame, {
    title: w.reasons.title,
    here: `${frame.basePath}${paths.reasons}`,
    children: (
      <>
        <h1>{w.reasons.title}</h1>
        <p class="lead">{w.reasons.intro}</p>
        {faces
          .filter(({ code }) => Object.hasOwn(w.faces, code))
          .map(({ code, status }) => {
            const { title, detail, nextStep } = explain(w, { reason: code as keyof typeof reasons }, frame.policy, frame.now)
            return (
              <section id={code}>
                <h2>{title}</h2>
                <p>
                  <code>{code}</code> · {status}
                </p>
                <p>
                  {detail}
                  {w.gap}
                  {nextStep}
                </p>
              </section>
            )
          })}
      </>
    ),
  })
}
