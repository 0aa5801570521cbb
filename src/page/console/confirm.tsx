// The proof of the mailbox is too old for what was asked: why, and one button that asks for a mail whose code or link leads back.
import { paths } from '../../core/paths.ts'
import { explain } from '../../words/explain.ts'
import { Hidden, Post } from '../fields.tsx'
import { Address, fill, words } from '../fill.tsx'
import { layout } from '../layout.tsx'
import type { Frame } from '../view.ts'
import type { ConfirmView } from './view.ts'

export function confirmPage(frame: Frame, view: ConfirmView): string {
  const w = words(frame).console.confirm
  const { title } = explain(words(frame), { reason: 'operator_proof_old' }, frame.policy, frame.now)
  return layout(frame, {
    title,
    children: (
      <>
        <h1>{title}</h1>
        <p class="lead">{w.lead(view.proof)}</p>
        <p class="hint">{fill(w.to, { address: <Address>{view.operator}</Address> })}</p>
        <Post frame={frame} to={paths.confirm}>
          <Hidden name="return_to" value={view.returnTo} />
          <div class="actions">
            <button type="submit">{w.send}</button>
          </div>
        </Post>
      </>
    ),
  })
}
