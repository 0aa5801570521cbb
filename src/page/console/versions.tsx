// What this process runs.
import { words } from '../fill.tsx'
import type { Frame } from '../view.ts'
import { deskPage, Facts } from './desk.tsx'
import type { Desk, VersionsView } from './view.ts'

export function versionsPage(frame: Frame, desk: Desk, { versions }: VersionsView): string {
  const w = words(frame).console.versions
  return deskPage(frame, desk, {
    title: w.heading,
    children: (
      <>
        <h1>{w.heading}</h1>
        <p class="lead">{w.lead}</p>
        <Facts
          facts={[
            { name: w.app, value: <code>{versions.app}</code> },
            { name: w.schema, value: <code>{versions.schema}</code> },
            { name: w.policy, value: <Hash of={versions.policy} hint={w.policyHint} /> },
            { name: w.template, value: <Hash of={versions.template} hint={w.templateHint} /> },
          ]}
        />
      </>
    ),
  })
}

function Hash({ of, hint }: { of: string; hint: string }) {
  return (
    <>
      <code>{of}</code> <span class="hint">{hint}</span>
    </>
  )
}
