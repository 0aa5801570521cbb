// Where "This was not me" of a mail leads. A GET shows this and changes nothing, and nothing is ever submitted by itself. In any browser but the
// one that asked the address is typed: a scanner that presses every button does not know it.
import { paths } from '../core/paths.ts'
import { landingWords } from '../words/purpose.ts'
import { askPath } from './ask.tsx'
import { EmailField, Post } from './fields.tsx'
import { fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import type { Frame, NotMeView, SaidNotMeView } from './view.ts'

export function notMePage(frame: Frame, view: NotMeView): string {
  const w = words(frame)
  const { path, purpose, device, askedAt, bound, quiet, problem } = view
  const { asked } = landingWords(w, purpose)
  return layout(frame, {
    title: w.notMe.title,
    error: problem !== undefined,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={bound ? null : 'email'} />}
        <h1>{w.notMe.title}</h1>
        <p class="lead">
          {fill(asked, { brand: frame.brand.name, device: <bdi>{w.device(device)}</bdi>, ago: w.ago(askedAt, frame.now) })}
        </p>
        <p>{w.notMe.does[purpose]}</p>
        {quiet !== null && <p>{w.notMe.quiet({ duration: w.duration(quiet) })}</p>}
        <Post frame={frame} to={`${paths.notMe}/${path}`}>
          {!bound && <EmailField frame={frame} label={w.landing.whichAddress} problem={problem} />}
          <div class="actions">
            <button type="submit">{w.notMe.submit}</button>
          </div>
        </Post>
        <p class="hint">{w.undo.fine}</p>
      </>
    ),
  })
}

export function saidNotMePage(frame: Frame, { at, ended, quietUntil }: SaidNotMeView): string {
  const w = words(frame)
  return layout(frame, {
    title: w.notMe.doneTitle,
    children: (
      <>
        <h1>{w.notMe.doneTitle}</h1>
        <p class="lead">{fill(w.notMe.done[ended], { time: <Time frame={frame} at={at} /> })}</p>
        {quietUntil !== null && <p>{fill(w.notMe.quietUntil, { time: <Time frame={frame} at={quietUntil} /> })}</p>}
        <p>{w.notMe.next}</p>
        <p>
          <a class="button plain" href={askPath(frame, null)}>
            {w.failure.signIn}
          </a>
        </p>
      </>
    ),
  })
}
