// Another address for the account: where it is typed, and where the code is typed that went there. The same whether somebody has that address
// already or not: whoever has it is told by mail, and nobody here.
import { paths } from '../core/paths.ts'
import { EmailField, Post } from './fields.tsx'
import { Address, fill, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import { sentPage } from './sent.tsx'
import type { ChangeSentView, ChangeView, Frame } from './view.ts'

export function changePage(frame: Frame, { email, typed, problem }: ChangeView): string {
  const w = words(frame).change
  const { changeEmail } = frame.policy
  const inField = problem?.reason === 'address_invalid' || problem?.reason === 'address_same'
  return layout(frame, {
    title: w.title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : `${frame.basePath}${paths.address}`,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'email' : null} />}
        <h1>{w.title}</h1>
        <p class="lead">{fill(w.lead, { address: <Address>{email}</Address> })}</p>
        <p>{w.what({ confirm: changeEmail.confirm, undoTime: words(frame).duration(changeEmail.undo) })}</p>
        <Post frame={frame} to={paths.address}>
          <EmailField
            frame={frame}
            label={w.email}
            value={typed}
            problem={inField ? problem : undefined}
            autofocus={problem === undefined}
          />
          <div class="actions">
            <button type="submit">{w.send}</button>
            <Back frame={frame} />
          </div>
        </Post>
      </>
    ),
  })
}

export function changeSentPage(frame: Frame, { side, change, email, both, agreed, sent, problem }: ChangeSentView): string {
  const { change: w, confirm } = words(frame)
  const other = side === 'change_email' ? 'leave_email' : 'change_email'
  const here = (of: string): string => `${frame.basePath}${paths.addressCheck}?c=${encodeURIComponent(change)}&for=${of}`
  return sentPage(frame, {
    title: w.sentTitle[side],
    lead: fill(w.sent[side], { address: <Address>{email}</Address> }),
    url: here(side),
    sent,
    problem,
    ...(agreed[other] ? { news: w.otherAgreed[other] } : {}),
    to: paths.addressCode,
    submit: w.submit[side],
    resendTo: paths.addressResend,
    side,
    more: (
      <>
        {both && !agreed[other] && (
          <p>
            <a href={here(other)}>{w.toOther[other]}</a>
          </p>
        )}
        <p class="hint">{w.until}</p>
      </>
    ),
    back: { href: `${frame.basePath}${paths.account}`, label: confirm.back },
  })
}

function Back({ frame }: { frame: Frame }) {
  return (
    <a class="button plain" href={`${frame.basePath}${paths.account}`}>
      {words(frame).confirm.back}
    </a>
  )
}
