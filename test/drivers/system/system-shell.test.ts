/** The shell over real commands: what it hears, how it ends them, and what it says when they cannot be started. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, open, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DeployError } from '../../../src/base/deploy-error.js'
import type { OutputLine } from '../../../src/model/event.js'
import type { Child, CommandRequest } from '../../../src/model/shell.js'
import { startOf } from '../../../src/drivers/system/process-identity.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'
import { isRunning, never, scratchFolder, until } from './scratch.js'

const folder = await scratchFolder()

function run(command: CommandRequest['command'], more: Partial<CommandRequest> = {}, signal = never) {
  return systemShell.run({ command, directory: folder, timeoutMs: 20_000, graceMs: 200, ...more }, signal)
}
const shell = (line: string, more: Partial<CommandRequest> = {}, signal = never) =>
  run({ shell: line }, more, signal)

async function refusal(work: Promise<unknown>): Promise<DeployError> {
  const error: unknown = await work.then(
    () => 'it was not refused',
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DeployError)
  return error as DeployError // seen in the line above
}

/** The number that a command has written into a file. */
async function pidIn(name: string): Promise<number> {
  const path = join(folder, name)
  await until(async () => existsSync(path) && (await readFile(path, 'utf8')).endsWith('\n'))
  return Number(await readFile(path, 'utf8'))
}

describe('what a command says', () => {
  test('its exit code, its output as data, and the lines of both streams in order', async () => {
    const lines: OutputLine[] = []
    const result = await shell('echo one; sleep 0.05; echo two >&2; sleep 0.05; printf three; exit 7', {
      onLine: (line) => lines.push(line),
    })
    expect(result).toMatchObject({ exitCode: 7, signal: null, ended: 'exit', stdout: 'one\nthree' })
    expect(result.lastLines).toEqual(['one', 'two', 'three'])
    expect(lines).toEqual([
      { stream: 'stdout', text: 'one' },
      { stream: 'stderr', text: 'two' },
      { stream: 'stdout', text: 'three' },
    ])
  })

  test('an argument list meets no shell, a shell line does', async () => {
    const hostile = '$HOME `id` ; exit 1 > x * "\'\\'
    expect((await run({ run: ['printf', '%s', hostile] })).stdout).toBe(hostile)
    expect((await run({ run: ['printf', '%s', hostile] }, { onStart: async () => undefined })).stdout).toBe(
      hostile,
    )
    expect((await shell('echo $((1 + 2)) | tr 3 4')).stdout).toBe('4\n')
  })

  test('the environment is that of deployctl and what is added', async () => {
    const { stdout } = await shell('echo "$ADDED:$PATH"', { env: { ADDED: 'a b' } })
    expect(stdout).toBe(`a b:${process.env['PATH'] ?? ''}\n`)
  })

  test('standard input is empty unless there is input, which need not be read', async () => {
    expect((await run({ run: ['cat'] })).stdout).toBe('')
    expect((await run({ run: ['cat'] }, { input: 'grüße\n' })).stdout).toBe('grüße\n')
    expect(await run({ run: ['true'] }, { input: 'x'.repeat(3_000_000) })).toMatchObject({ exitCode: 0 })
  })

  test('a character that comes in two parts is one', async () => {
    const { lastLines, stdout } = await shell(`printf 'gr\\303'; sleep 0.05; printf '\\274n\\n'`)
    expect(lastLines).toEqual(['grün'])
    expect(stdout).toBe('grün\n')
  })

  test('progress bars, Windows line ends and colours come out as a reader would see them', async () => {
    const { lastLines } = await shell(
      `printf '10%%\\r50%%'; sleep 0.03; printf '\\r99%%\\r\\nred: \\033[31mx\\033[0m\\a\\nend\\r'`,
    )
    expect(lastLines).toEqual(['99%', 'red: x', 'end'])
  })

  test('long lines, many lines and much data are cut', async () => {
    const long = await shell(`head -c 100000 /dev/zero | tr '\\0' y; echo; echo end`)
    expect(long.lastLines).toEqual([`${'y'.repeat(4096)}…`, 'end'])
    const many = await shell('seq 1000')
    expect(many.lastLines).toEqual(Array.from({ length: 50 }, (_, index) => `${951 + index}`))
    const wide = await shell(`for i in 1 2 3 4 5; do head -c 3000 /dev/zero | tr '\\0' $i; echo; done`)
    expect(wide.lastLines.map((line) => line.slice(0, 1))).toEqual(['4', '5'])
    const huge = await shell(`head -c 3000000 /dev/zero | tr '\\0' y`)
    expect(huge.stdout.length).toBe(2 ** 20)
  })

  test('a listener that throws loses its line and nothing else', async () => {
    const onLine = (): void => {
      throw new Error('broken view')
    }
    expect(await shell('echo a; echo b', { onLine })).toMatchObject({ exitCode: 0, lastLines: ['a', 'b'] })
  })

  test('descriptors of deployctl are not handed on', async () => {
    const handle = await open(join(folder, 'open-file'), 'w')
    const list = 'for fd in /proc/self/fd/*; do readlink $fd; done; true'
    const target = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => 'open-file')
    const { stdout } = await shell(list, { onStart: async () => undefined })
    await handle.close()
    expect(stdout).not.toContain(target)
  })
})

describe('how a command is ended', () => {
  test('at its deadline it hears TERM and may say goodbye', async () => {
    const result = await shell(`trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done`, {
      timeoutMs: 300,
      graceMs: 5000,
    })
    expect(result).toMatchObject({ ended: 'timeout', exitCode: 3 })
    expect(result.lastLines.at(-1)).toBe('bye')
  })

  test('who does not listen is killed with everything it started', async () => {
    const result = await shell(`trap '' TERM; sleep 60 & echo $! > deaf.pid; sleep 60; sleep 60`, {
      timeoutMs: 300,
    })
    expect(result).toMatchObject({ ended: 'timeout', signal: 'SIGKILL', exitCode: null })
    expect(isRunning(await pidIn('deaf.pid'))).toBe(false)
  })

  test("the caller's signal ends it the same way, also when it is stopped", async () => {
    const abort = new AbortController()
    const work = shell('echo $$ > stopped.pid; kill -STOP $$; sleep 60', {}, abort.signal)
    await pidIn('stopped.pid')
    abort.abort()
    expect(await work).toMatchObject({ ended: 'cancelled', signal: 'SIGTERM' })
  })

  test('a signal that came before starts nothing', async () => {
    const result = await shell('echo x > too-late', {}, AbortSignal.abort())
    expect(result).toMatchObject({ ended: 'cancelled', exitCode: null, lastLines: [] })
    expect(existsSync(join(folder, 'too-late'))).toBe(false)
  })

  test('what it leaves running in its group is ended after a little while', async () => {
    const result = await shell('sleep 60 & echo $! > left.pid; echo done')
    expect(result).toMatchObject({ ended: 'exit', exitCode: 0, stdout: 'done\n' })
    expect(isRunning(await pidIn('left.pid'))).toBe(false)
  })

  test.skipIf(!existsSync('/usr/bin/setsid'))(
    'a daemon that left the group lives on, and its pipes are let go',
    async () => {
      const result = await shell(`setsid sh -c 'echo $$ > daemon.pid; exec sleep 60' & echo started`)
      const daemon = await pidIn('daemon.pid')
      expect(result).toMatchObject({ ended: 'exit', exitCode: 0, stdout: 'started\n' })
      expect(isRunning(daemon)).toBe(true)
      process.kill(daemon, 'SIGKILL')
    },
  )
})

describe('a start that others have to know of', () => {
  test('the command begins only when they do', async () => {
    let child: Child | undefined
    const result = await shell('echo $$; cat known', {
      onStart: async (started) => {
        child = started
        await new Promise((resolve) => setTimeout(resolve, 50))
        await writeFile(join(folder, 'known'), 'known')
      },
    })
    expect(result.stdout).toBe(`${child?.pid ?? 0}\nknown`)
    expect(child?.startedAt).toMatch(/./)
  })

  test('when they cannot know it never begins', async () => {
    const onStart = (): Promise<void> =>
      Promise.reject(new DeployError('DISK_FULL', 'no room for the journal'))
    const error = await refusal(shell('echo x > begun', { onStart }))
    expect(error.code).toBe('DISK_FULL')
    expect(existsSync(join(folder, 'begun'))).toBe(false)
  })

  test('nor when deployctl is killed in between', async () => {
    const script = join(folder, 'killed.mjs')
    const { build } = await import('esbuild')
    await build({
      stdin: {
        contents: `
          import { systemShell } from './src/drivers/system/system-shell.js'
          import { writeFileSync } from 'node:fs'
          const request = { command: { shell: 'echo x > begun-anyway' }, directory: ${JSON.stringify(folder)}, timeoutMs: 60000 }
          const onStart = (child) => { writeFileSync(${JSON.stringify(join(folder, 'gate.pid'))}, child.pid + '\\n'); return new Promise(() => setInterval(() => {}, 1000)) }
          await systemShell.run({ ...request, onStart }, new AbortController().signal)`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
      },
      outfile: script,
    })
    const deployctl = spawn(process.execPath, [script], { stdio: 'inherit' })
    const gated = await pidIn('gate.pid')
    expect(isRunning(gated)).toBe(true)
    deployctl.kill('SIGKILL')
    await until(() => !isRunning(gated))
    expect(existsSync(join(folder, 'begun-anyway'))).toBe(false)
  })
})

describe('ending what an earlier process left behind', () => {
  test('the whole group goes; what is not that child is let be', async () => {
    const script = `trap '' TERM; sleep 60 & echo $! > orphan.pid; echo $$ > leader.pid; wait; wait`
    const leader = spawn('/bin/sh', ['-c', script], { detached: true, cwd: folder, stdio: 'ignore' })
    const [pid, grandchild] = [await pidIn('leader.pid'), await pidIn('orphan.pid')]
    expect(pid).toBe(leader.pid)
    const startedAt = (await startOf(pid)) ?? ''
    expect(await systemShell.end({ pid, startedAt: `${startedAt}0` }, 50)).toBe(false)
    expect(isRunning(pid)).toBe(true)
    expect(await systemShell.end({ pid, startedAt }, 50)).toBe(true)
    expect([isRunning(pid), isRunning(grandchild)]).toEqual([false, false])
    expect(await systemShell.end({ pid, startedAt }, 50)).toBe(false)
  })
})

describe('what cannot be started', () => {
  test('a missing command, script, interpreter and working directory each say so', async () => {
    await writeFile(join(folder, 'script'), '#!/no/such/interpreter\n', { mode: 0o755 })
    await writeFile(join(folder, 'dos-script'), '#!/bin/sh\r\necho x\r\n', { mode: 0o755 })
    const cases: [() => Promise<unknown>, RegExp][] = [
      [() => run({ run: ['no-such-command'] }), /"no-such-command" was not found in PATH/],
      [() => run({ run: ['./no-such-script'] }), /"\.\/no-such-script" does not exist/],
      [() => run({ run: ['./script'] }), /interpreter \/no\/such\/interpreter of .*script does not exist/],
      [() => run({ run: ['./dos-script'] }), /interpreter \/bin\/sh of .*dos-script does not exist/],
      [
        () => run({ run: ['ls'] }, { directory: join(folder, 'no-such-folder') }),
        /working directory .* does not exist/,
      ],
      [
        () => run({ run: ['ls'] }, { directory: join(folder, 'script') }),
        /working directory .* is not a folder/,
      ],
      [() => run({ run: [] }), /command is empty/],
      [() => run({ run: [folder] }), /is not a file/],
    ]
    for (const [work, message] of cases) {
      const error = await refusal(work())
      expect(error.code).toBe('COMMAND_NOT_FOUND')
      expect(error.message).toMatch(message)
      expect(error.hint).toMatch(/./)
    }
  })

  test('a file without the right to be executed, by path and in PATH', async () => {
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'bin', 'plain-file'), '#!/bin/sh\n')
    await chmod(join(folder, 'bin', 'plain-file'), 0o644)
    for (const work of [
      () => run({ run: ['bin/plain-file'] }),
      () => run({ run: ['plain-file'] }, { env: { PATH: join(folder, 'bin') } }),
    ]) {
      const error = await refusal(work())
      expect(error).toMatchObject({
        code: 'PERMISSION_DENIED',
        hint: expect.stringContaining('chmod +x') as string,
      })
    }
    await rm(join(folder, 'bin'), { recursive: true })
  })

  test('arguments that the kernel does not take', async () => {
    const error = await refusal(run({ run: ['echo', 'a\0b'] }))
    expect(error.code).toBe('COMMAND_FAILED')
    const long = { run: ['echo', 'x'.repeat(3_000_000)] }
    expect((await refusal(run(long))).hint).toMatch(/too long/)
    expect((await refusal(run(long, { onStart: async () => undefined }))).hint).toMatch(/too long/)
  })
})
