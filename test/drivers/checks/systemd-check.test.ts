/** The check `systemd`, on a machine that has it as its first process. */
import { expect } from 'vitest'
import { systemdCheck } from '../../../src/drivers/checks/systemd-check.js'
import { logCheck } from '../../../src/drivers/checks/log-check.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'
import type { CommandRequest, Shell } from '../../../src/model/shell.js'
import { addressOf, testWith } from '../../support/needs.js'
import { nowhere } from '../../support/nowhere.js'

const never = new AbortController().signal

/** Commands are run inside, with their variables. */
function shellInside(): Shell {
  const { enter } = JSON.parse(addressOf('systemd-host')) as { enter: string[] } // as the component writes it
  const run = (request: CommandRequest, signal: AbortSignal) => {
    const command = 'run' in request.command ? request.command.run : ['/bin/sh', '-c', request.command.shell]
    return systemShell.run({ ...request, command: { run: [...enter, ...command] } }, signal)
  }
  return { ...systemShell, run }
}

testWith('systemd-host')('a unit that is active, one that failed, and one that is not there', async () => {
  const place = { ...nowhere, shell: shellInside() }
  const inside = async (shell: string) => {
    const result = await place.shell.run({ command: { shell }, directory: '/', timeoutMs: 30_000 }, never)
    expect(result, result.lastLines.join('\n')).toMatchObject({ exitCode: 0 })
  }
  const ask = (unit: string) => systemdCheck.create({ type: 'systemd', unit }).probe(place, never)
  const log = logCheck.create({ type: 'log', unit: 'check-bad', without: 'FATAL' })
  const mark = await log.mark!(place, never)
  await inside('systemd-run -q --unit check-good sleep 600')
  expect(await ask('check-good')).toEqual({ healthy: true, seen: 'the unit check-good is active (running)' })
  expect(await log.probe({ ...place, mark }, never)).toMatchObject({ healthy: true })
  await inside(
    `systemd-run -q --unit check-bad sh -c 'echo "FATAL no db" >&2; exit 3'; until systemctl is-failed -q check-bad; do sleep 0.05; done; journalctl --sync`,
  )
  const failed = await ask('check-bad')
  expect(failed).toMatchObject({
    healthy: false,
    seen: 'the unit check-bad is failed (failed): exit-code',
    details: expect.arrayContaining(['FATAL no db']) as string[],
  })
  expect(await log.probe({ ...place, mark }, never)).toMatchObject({
    seen: 'the journal of check-bad has a new line that matches FATAL: FATAL no db',
  })
  expect(await ask('check-none')).toEqual({ healthy: false, seen: 'there is no unit check-none' })
})
