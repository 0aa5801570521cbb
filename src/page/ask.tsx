// The first step: which address?
import { paths } from '../core/paths.ts'
import { EmailField, Hidden, Post } from './fields.tsx'
import { words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import type { AskView, Frame } from './view.ts'

export function askPage(frame: Frame, view: AskView): string {
  const w = words(frame)
  const { methods } = frame.policy
  const { problem } = view
  const inField = problem?.reason === 'address_invalid'
  const holds = view.mailsDiffer === true ? 'either' : methods.length === 2 ? 'both' : (methods[0] ?? 'link')
  return layout(frame, {
    title: w.ask.title,
    error: problem !== undefined,
    url: problem === undefined ? undefined : askPath(frame, view.returnTo),
    here: askPath(frame, view.returnTo),
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={inField ? 'email' : null} />}
        {view.notice === 'signed_out' && (
          <p class="notice" role="status">
            {w.ask.signedOut}
          </p>
        )}
        <h1>{w.ask.heading({ brand: frame.brand.name })}</h1>
        <p class="lead">{w.ask.intro[holds]}</p>
        <AskForm
          frame={frame}
          returnTo={view.returnTo}
          email={view.email}
          problem={inField ? problem : undefined}
          autofocus={problem === undefined}
        />
        {(frame.policy.recovery.codes > 0 || frame.policy.recovery.backup) && (
          <p class="hint">
            <a href={`${frame.basePath}${frame.policy.recovery.codes > 0 ? paths.recover : paths.recoverBackup}`}>{w.recover.link}</a>
          </p>
        )}
      </>
    ),
  })
}

interface AskFormProps extends AskView {
  readonly frame: Frame
  readonly autofocus?: boolean | undefined
}

/** Also on the check page, for another address. */
export function AskForm({ frame, returnTo, email, problem, autofocus }: AskFormProps) {
  const w = words(frame).ask
  return (
    <Post frame={frame} to={paths.signIn}>
      {returnTo !== null && <Hidden name="return_to" value={returnTo} />}
      <EmailField frame={frame} label={w.email} value={email} problem={problem} autofocus={autofocus} />
      <button type="submit">{w.send}</button>
    </Post>
  )
}

export function askPath(frame: Frame, returnTo: string | null | undefined): string {
  const query = returnTo === null || returnTo === undefined ? '' : `?return_to=${encodeURIComponent(returnTo)}`
  return `${frame.basePath}${paths.signIn}${query}`
}
