/** The restart by systemd on a machine that has it as its first process; elsewhere these tests are left out. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { directoryDriver } from '../../../src/drivers/targets/directory.js'
import type { CommandRequest } from '../../../src/model/shell.js'
import type { Target } from '../../../src/model/target.js'
import { directoryBench, type DirectoryBench, type StageableRelease } from '../../support/directory-bench.js'
import { addressOf, testWith } from '../../support/needs.js'
import { shareOf, testScope } from '../../support/shares.js'

const unit = `[Service]\nWorkingDirectory=%s/current\nExecStart=/bin/sh -c '. ./start.sh'\nExecReload=/bin/sh -c 'cp version ../../reloaded'\n`
const start = 'cp version ../../started; exec sleep 600'

let bench: DirectoryBench
beforeEach(async () => {
  bench = await directoryBench()
})
afterEach(() => bench.end())

/** The systemd host sees the shared folder at the same path; commands are run inside it. */
function onHost(restart: { readonly [key: string]: string | boolean }): {
  readonly path: string
  readonly target: Target
} {
  const { enter, shared } = JSON.parse(addressOf('systemd-host')) as { enter: string[]; shared: string }
  const path = join(shared, basename(bench.folder))
  const run = (request: CommandRequest, signal: AbortSignal) => {
    const command = 'run' in request.command ? request.command.run : ['/bin/sh', '-c', request.command.shell]
    return bench.ports.shell.run({ ...request, command: { run: [...enter, ...command] } }, signal)
  }
  const ports = { ...bench.ports, shell: { ...bench.ports.shell, run } }
  return { path, target: directoryDriver.create({ type: 'directory', path, restart }, testScope, ports) }
}

async function install(path: string, text = unit): Promise<void> {
  await inside(
    'cat > /run/systemd/system/directory-test.service; systemctl daemon-reload',
    text.replaceAll('%s', path),
  )
}

async function inside(script: string, input: string): Promise<void> {
  const { enter } = JSON.parse(addressOf('systemd-host')) as { enter: string[] }
  const request = {
    command: { run: [...enter, 'sh', '-ec', script] },
    directory: '/',
    input,
    timeoutMs: 30_000,
  }
  const result = await bench.ports.shell.run(request, new AbortController().signal)
  expect(result, result.lastLines.join('\n')).toMatchObject({ exitCode: 0 })
}

async function staged(target: Target, version: string, startScript = start): Promise<StageableRelease> {
  const release = await bench.release(version, { version, 'start.sh': startScript })
  await target.stage(release.instance, release.obtain, bench.context())
  return release
}

describe('a restart by a real systemd', () => {
  testWith('systemd-host')('starts, restarts, reloads and stops a real unit', async () => {
    const restart = { systemd: 'directory-test' }
    const { path, target } = onHost(restart)
    await install(path)
    const a = await staged(target, '1.0.0')
    const b = await staged(target, '1.0.1')
    await target.route(shareOf(null), shareOf(a.instance), bench.context())
    await seen(join(path, 'started'), '1.0.0')
    await target.route(shareOf(a.instance), shareOf(b.instance), bench.context())
    await seen(join(path, 'started'), '1.0.1')
    await onHost({ ...restart, action: 'reload' }).target.route(
      shareOf(b.instance),
      shareOf(a.instance),
      bench.context(),
    )
    await seen(join(path, 'reloaded'), '1.0.0') // systemd resolves the working directory anew
    await target.route(shareOf(a.instance), shareOf(null), bench.context())
    await expect(
      onHost({ ...restart, action: 'reload' }).target.route(
        shareOf(null),
        shareOf(a.instance),
        bench.context(),
      ),
    ).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      hint: expect.stringContaining('reload-or-restart') as string,
    })
    await target.route(shareOf(a.instance), shareOf(null), bench.context())
  })

  testWith('systemd-host')('shows the last lines of the journal of a unit that fails', async () => {
    const { path, target } = onHost({ systemd: 'directory-test' })
    await install(path, unit.replace('[Service]', '[Service]\nType=oneshot'))
    const bad = await staged(target, '1.0.0', 'echo "FATAL could not reach db:5432" >&2; exit 3')
    await expect(target.route(shareOf(null), shareOf(bad.instance), bench.context())).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      details: expect.arrayContaining([
        expect.stringContaining('FATAL could not reach db:5432'),
        expect.stringContaining('status=3'),
      ]) as string[],
      hint: 'More: journalctl -u directory-test',
    })
    await target.route(shareOf(bad.instance), shareOf(null), bench.context())
  })

  testWith('systemd-host')('starts and stops a unit of the user’s own', async () => {
    const { path, target } = onHost({ systemd: 'directory-test', user: true })
    await inside(
      'mkdir -p /root/.config/systemd/user; cat >/root/.config/systemd/user/directory-test.service; mkdir -p -m 700 /run/user/0; systemd-run -q --collect -p Delegate=yes -E XDG_RUNTIME_DIR=/run/user/0 /usr/lib/systemd/systemd --user; for t in $(seq 100); do [ -S /run/user/0/systemd/private ] || sleep 0.05; done',
      unit.replaceAll('%s', path),
    )
    const a = await staged(target, '1.0.0')
    await target.route(shareOf(null), shareOf(a.instance), bench.context())
    await seen(join(path, 'started'), '1.0.0')
    await target.route(shareOf(a.instance), shareOf(null), bench.context())
  })

  testWith('systemd-host')('shows why a unit cannot be started, and is undone', async () => {
    const { target } = onHost({ systemd: 'no-such-unit' })
    const a = await staged(target, '2.0.0')
    await expect(target.route(shareOf(null), shareOf(a.instance), bench.context())).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      details: expect.arrayContaining([expect.stringContaining('no-such-unit.service')]) as string[],
    })
    await target.route(shareOf(a.instance), shareOf(null), bench.context())
    await target.discard(a.instance, bench.context())
  })
})

async function seen(path: string, version: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if ((await readFile(path, 'utf8').catch(() => '')) === version) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`${path} never said ${version}`)
}
