// The policy in force, line by line, and every policy that decided, with what it changed.
import type { PolicyChange } from '../../core/policy-difference.ts'
import { fill, words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { deskPage, Facts, When } from './desk.tsx'
import type { Desk, PolicyView } from './view.ts'

export function policyPage(frame: Frame, desk: Desk, view: PolicyView): string {
  const w = words(frame).console.policy
  return deskPage(frame, desk, {
    title: w.heading,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{w.lead}</p>
        <section aria-labelledby="in-force">
          <h2 id="in-force">{w.inForce}</h2>
          <Facts facts={view.lines.map(({ name, value }) => ({ name: <code>{name}</code>, value }))} />
        </section>
        {view.rollOut !== null && (
          <section aria-labelledby="roll-out">
            <h2 id="roll-out">{w.rollOut}</h2>
            <p>
              {fill(w.rollOutOf(view.rollOut.percent, view.rollOut.listed), {
                name: <b>{view.rollOut.name}</b>,
                version: <code>{view.rollOut.version}</code>,
              })}
            </p>
            <Changes frame={frame} changes={view.rollOut.changes} />
          </section>
        )}
        <section aria-labelledby="history">
          <h2 id="history">{w.history}</h2>
          {view.history.map(({ version, firstUsedAt, inForce, changes }) => (
            <div class="entry">
              <h3>
                <code>{version}</code> {inForce && <span class="tag">{w.tag}</span>}
              </h3>
              <p class="hint">
                {fill(w.firstUsed, { when: <When frame={frame} at={firstUsedAt} /> })}{' '}
                {changes === null ? w.first : changes.length === 0 && w.same}
              </p>
              {changes !== null && changes.length > 0 && <Changes frame={frame} changes={changes} />}
            </div>
          ))}
        </section>
      </>
    ),
  })
}

interface ChangesProps {
  readonly frame: Frame
  readonly changes: readonly PolicyChange[]
  /** How the other value is told; absent: as that from before. */
  readonly from?: (value: string) => string
}

export function Changes({ frame, changes, from = words(frame).console.policy.from }: ChangesProps) {
  const w = words(frame).console.policy
  return (
    <Facts
      facts={changes.map(({ name, before, after }) => ({
        name: <code>{name}</code>,
        value: (
          <>
            {after ?? w.unset} <span class="hint">({from(before ?? w.unset)})</span>
          </>
        ),
      }))}
    />
  )
}
