/** What a person agrees to who has a host forgotten, and what has become of it. Pure. */
import type { HostRecord } from '../../app/requests.js'
import { showVersion } from '../../model/release.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'

export function forgetText({ host, services }: HostRecord, { width, paint }: Style): string {
  const lines = services.map(({ service, version, isLast }) => {
    const has = version === null ? 'nothing, and why' : showVersion(version)
    const last = isLast ? ': all that is recorded of this service' : ''
    return paint.bad(paragraph(`- ${service}: ${has}${last}`, width, 2, 4))
  })
  const what =
    'Nothing is done there: what runs goes on running. Where deploy.yaml still has the host, the next apply deploys to it as to a new one.'
  return [
    `What is recorded to be on ${host} would be forgotten:`,
    '',
    ...lines,
    '',
    paragraph(what, width, 0),
  ].join('\n')
}

export function forgottenText(host: string, serial: number, { paint, width }: Style): string {
  return paint.good(paragraph(`✓ ${host} is forgotten; the state is at serial ${serial}.`, width, 0, 2))
}
