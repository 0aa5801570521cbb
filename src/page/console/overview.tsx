// The first page of the console: find somebody, and see whether mail goes out.
import { paths } from '../../core/paths.ts'
import { fill, words } from '../fill.tsx'
import { Summary } from '../problem.tsx'
import type { Frame } from '../view.ts'
import { bounded, deskPage, Search, When } from './desk.tsx'
import type { Desk, OverviewView } from './view.ts'

export function overviewPage(frame: Frame, desk: Desk, view: OverviewView): string {
  const w = words(frame).console
  const { queue, problem } = view
  return deskPage(frame, desk, {
    title: w.overview.heading,
    error: problem !== undefined,
    url: problem === undefined ? undefined : `${frame.basePath}${paths.console}`,
    children: (
      <>
        {problem !== undefined && <Summary frame={frame} problem={problem} field={null} />}
        {view.notice === 'erased' && (
          <p class="notice" role="status">
            {w.overview.erased}
          </p>
        )}
        <h1>{w.overview.heading}</h1>
        <p class="lead">{w.overview.lead}</p>
        <Search frame={frame} autofocus={problem === undefined} />
        <section aria-labelledby="mail">
          <h2 id="mail">{w.overview.mail}</h2>
          <p>
            {queue.unusableSince === null
              ? w.overview.usable
              : fill(w.overview.unusable, { time: <When frame={frame} at={queue.unusableSince} /> })}{' '}
            {queue.queued === 0 ? w.overview.noneWaiting : `${w.overview.waiting(bounded(frame, queue.queued, queue.countedMax))}.`}
          </p>
          <p>
            <a href={`${frame.basePath}${paths.consoleMails}`}>{w.overview.mailMore}</a>
          </p>
        </section>
      </>
    ),
  })
}
