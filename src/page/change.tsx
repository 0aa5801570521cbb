// Another address for the account: where it is typed, and where the code is typed that went there. The same whether somebody has that address
// already or not: whoever has it is told by mail, and nobody here.
import { paths } from '../core/paths.ts'
import { CodeForm, codeIsOver, Facts, inCodeField, ResendForm } from './check.tsx'
import { EmailField, Post } from './fields.tsx'
import { Address, fill, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
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
  const w = words(frame)
  const other = side === 'change_email' ? 'leave_email' : 'change_email'
  const inField = problem !== undefined && inCodeField.includes(problem.reason)
  const hasCode = frame.policy.methods.includes('code')
  const asksForCode = hasCode && !(problem !== undefined && codeIsOver.includes(problem.reason))
  const here = (of: string): string => `${frame.basePath}${paths.addressCheck}?c=${encodeURIComponent(change)}&for=${of}`
  return layout(frame, {
    title: w.change.sentTitle[side],
    error: problem !== undefined,
    url: problem === undefined ? undefined : here(side),
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'code' : null} />}
        <h1>{w.change.sentTitle[side]}</h1>
        <p class="lead">{fill(w.change.sent[side], { address: <Address>{email}</Address> })}</p>
        <p class="notice" role="status" data-status="">
          {sent.resent === true ? w.check.resent : agreed[other] ? w.change.otherAgreed[other] : ''}
        </p>
        {asksForCode ? (
          <CodeForm
            frame={frame}
            challenge={sent.challenge}
            code={sent.code}
            problem={inField ? problem : undefined}
            autofocus={problem === undefined}
            to={paths.addressCode}
            submit={w.change.submit[side]}
            side={side}
          />
        ) : (
          !hasCode && <p>{w.confirm.useLink}</p>
        )}
        <Facts frame={frame} view={sent} code={asksForCode} />
        {both && !agreed[other] && (
          <p>
            <a href={here(other)}>{w.change.toOther[other]}</a>
          </p>
        )}
        <p class="hint">{w.change.until}</p>
        <div class="actions">
          <ResendForm frame={frame} view={{ ...sent, problem }} to={paths.addressResend} side={side} />
          <Back frame={frame} />
        </div>
      </>
    ),
  })
}

function Back({ frame }: { frame: Frame }) {
  return (
    <a class="button plain" href={`${frame.basePath}${paths.account}`}>
      {words(frame).confirm.back}
    </a>
  )
}
