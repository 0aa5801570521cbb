// Where the link in the notice leads: a change of address is taken back, by whoever reads the old mailbox and from any browser. A GET shows this
// and changes nothing, and nothing is ever submitted by itself. Who has no script pastes the whole link: the server sees no fragment.
import { paths } from '../core/paths.ts'
import { askPath } from './ask.tsx'
import { Hidden, Post } from './fields.tsx'
import { fill, Time, words } from './fill.tsx'
import { layout } from './layout.tsx'
import { Summary } from './problem.tsx'
import type { Frame, UndoneView, UndoView } from './view.ts'

export function undoPage(frame: Frame, view: UndoView): string {
  const w = words(frame)
  const { undo } = w
  const { linkId, secret, device, askedAt, applied, problem } = view
  const hasSecret = secret !== undefined && secret !== ''
  const to = `${paths.undo}/${encodeURIComponent(linkId)}`
  return layout(frame, {
    title: undo.title,
    error: problem !== undefined,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field="secret" />}
        <h1>{undo.title}</h1>
        <p class="lead">
          {fill(undo.asked, { brand: frame.brand.name, device: <bdi>{w.device(device)}</bdi>, ago: w.ago(askedAt, frame.now) })}
          {w.gap}
          {applied ? undo.applied : undo.pending}
        </p>
        <p>{undo.does}</p>
        <div data-way="code" hidden={hasSecret}>
          <Post frame={frame} to={to}>
            <div class="field">
              <label for="secret">{undo.paste}</label>
              <input id="secret" name="secret" type="text" autocomplete="off" autocapitalize="off" spellcheck={false} dir="ltr" required />
            </div>
            <div class="actions">
              <button type="submit">{undo.submit}</button>
            </div>
          </Post>
        </div>
        <div data-way="link" hidden={!hasSecret}>
          <Post frame={frame} to={to} data-landing="">
            <Hidden name="secret" value={secret ?? ''} />
            <div class="actions">
              <button type="submit">{undo.submit}</button>
            </div>
          </Post>
        </div>
        <p class="hint">{undo.fine}</p>
      </>
    ),
  })
}

export function undonePage(frame: Frame, { at }: UndoneView): string {
  const w = words(frame).undo
  return layout(frame, {
    title: w.undoneTitle,
    children: (
      <>
        <h1>{w.undoneTitle}</h1>
        <p class="lead">{fill(w.undone, { time: <Time frame={frame} at={at} /> })}</p>
        <p>{w.next}</p>
        <p>
          <a class="button" href={askPath(frame, null)}>
            {words(frame).failure.signIn}
          </a>
        </p>
      </>
    ),
  })
}
