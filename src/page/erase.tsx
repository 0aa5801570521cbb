// Deleting the own account: what goes, what stays, and one button; and the page that says that it is done.
import { paths } from '../core/paths.ts'
import { askPath } from './ask.tsx'
import { Hidden, Post } from './fields.tsx'
import { Address, fill, words } from './fill.tsx'
import { layout } from './layout.tsx'
import type { EraseView, Frame } from './view.ts'

export function erasePage(frame: Frame, { email }: EraseView): string {
  const w = words(frame).erase
  const { gone, record, counts, again } = w.what
  return layout(frame, {
    title: w.title,
    children: (
      <>
        <h1>{w.title}</h1>
        <p class="lead">{fill(w.lead, { address: <Address>{email}</Address> })}</p>
        <ul>
          {[gone, record({ kept: words(frame).duration(frame.policy.keep.events) }), counts, again].map((line) => (
            <li>{line}</li>
          ))}
        </ul>
        <Post frame={frame} to={paths.erase}>
          <Hidden name="sure" value="yes" />
          <div class="actions">
            <button type="submit">{w.submit}</button>
            <a class="button plain" href={`${frame.basePath}${paths.account}`}>
              {w.back}
            </a>
          </div>
        </Post>
      </>
    ),
  })
}

export function erasedPage(frame: Frame): string {
  const w = words(frame).erase
  return layout(frame, {
    title: w.done,
    children: (
      <>
        <h1>{w.done}</h1>
        <p class="lead">{w.doneLead}</p>
        <p>
          <a class="button plain" href={askPath(frame, null)}>
            {words(frame).failure.signIn}
          </a>
        </p>
      </>
    ),
  })
}
