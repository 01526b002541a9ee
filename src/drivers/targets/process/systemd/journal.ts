/** The output of releases that systemd keeps up: the journal, by the units of a release. */
import type { Ports } from '../../../../model/ports.js'
import type { Output } from '../output.js'
import { showLines } from '../show-lines.js'
import { managerOf } from './manager.js'
import { patternOf } from './units-of-place.js'
import { unitNames } from './unit-names.js'

const mostLines = 50
const withinMs = 20_000

export function journal(service: string, root: string, ports: Ports): Output {
  const { journalWords } = managerOf(ports)
  const names = unitNames(service, root)
  const command = (name: string, lines: number): readonly string[] => {
    const units = [names.template(name), names.trialTemplate(name)].flatMap((one) => [
      '--unit',
      patternOf(one),
    ])
    const own = ['--identifier', service] // without what systemd says of them
    const form = ['--output=cat', '--no-pager', '--quiet', `--lines=${lines}`]
    return ['journalctl', ...journalWords, ...units, ...own, ...form]
  }
  return {
    async lastLines(name, signal) {
      const request = { command: { run: command(name, mostLines) }, directory: '/', timeoutMs: withinMs }
      const result = await ports.shell.run(request, signal).catch(() => null)
      return result?.exitCode === 0 ? result.stdout.split('\n').filter((line) => line !== '') : []
    },
    show: (name, { lastLines, follow }, onLine, signal) =>
      showLines(
        ports,
        { run: [...command(name, lastLines), ...(follow ? ['--follow'] : [])], follow },
        onLine,
        signal,
      ),
    remove: () => Promise.resolve(), // the journal keeps what it keeps
  }
}
