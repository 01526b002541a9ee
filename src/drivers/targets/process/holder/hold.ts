/**
 * The holder: a small process of its own for each service, started by the first deployment and left alone by everything
 * that comes after. It holds the sockets and keeps the app up, so that neither depends on an agent or on a command.
 */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { DeployError, reportOf } from '../../../../base/deploy-error.js'
import { startOf } from '../../../system/process-identity.js'
import { repeatEvery } from '../../../system/repeat-every.js'
import { endOnTerm, endProcess, ownNumber } from '../../../system/own-process.js'
import { socketPathIn } from '../../../system/socket-path.js'
import { systemClock } from '../../../system/system-clock.js'
import { writeAtomically } from '../../../system/write-atomically.js'
import { aliveOnes, createLeftOvers } from './left-overs.js'
import { holderFile, readHolderFile, type HolderFile } from './holder-file.js'
import { protocolVersion, type Ask, type HolderStatus, type Reply } from './protocol.js'
import { createSupervisor, type Supervisor } from './supervisor.js'

const rotateEveryMs = 1000

/** Runs until it is told to quit. `folder` is private to this user. */
export async function hold(folder: string): Promise<void> {
  const { socket } = socketPathIn(folder, 'control.sock')
  const pid = ownNumber()
  const startedAt = (await startOf(pid)) ?? ''
  const earlier = (await readHolderFile(folder))?.workers ?? []
  const keepFile = fileKeeper(folder, () => ({
    format: 1,
    pid,
    startedAt,
    workers: [
      ...leftOvers.all(),
      ...supervisor
        .generations()
        .flatMap(({ name, workers }) => workers.map((worker) => ({ name, ...worker }))),
    ],
  }))
  const leftOvers = createLeftOvers(await aliveOnes(earlier), keepFile)
  const supervisor = createSupervisor({
    clock: systemClock,
    random: () => Math.random(),
    folder,
    leftOvers,
    onChange: keepFile,
  })
  const status = (): HolderStatus => ({
    protocol: protocolVersion,
    pid,
    startedAt,
    generations: supervisor.generations(),
    standIn: supervisor.standIn(),
  })
  const leave = async (): Promise<void> => {
    await rm(socket, { force: true })
    await keepFile.stop()
    await rm(folder, { recursive: true, force: true })
  }
  endOnTerm(() => void supervisor.endAll().then(leave).then(endProcess))
  await rm(socket, { force: true }) // whoever starts a holder has seen that nobody answers
  const server = createServer((line) => void answer(line, supervisor, status, leave))
  await listening(server, socket)
  server.on('error', () => undefined) // one who asked and could not be accepted asks again
  keepFile()
  repeatEvery(rotateEveryMs, () => supervisor.rotateLogs().catch(() => undefined)) // tried again the next second
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => void chmod(path, 0o600).then(resolve, reject))
  })
}

const longestAsk = 4 * 1024 * 1024

async function answer(
  line: Socket,
  supervisor: Supervisor,
  status: () => HolderStatus,
  leave: () => Promise<void>,
): Promise<void> {
  line.on('error', () => undefined) // who has asked is gone; what was asked for is done all the same
  const text = await firstLine(line)
  if (text === null) return
  const { reply, quits } = await replyTo(text, supervisor, status)
  if (quits) await leave() // who is told has nothing of it to see any more
  await new Promise<void>((resolve) => {
    line.once('close', resolve)
    line.end(`${JSON.stringify(reply)}\n`)
  })
  if (quits) endProcess()
}

/** Null when it ends, or goes on and on, without one. */
function firstLine(line: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    let text = ''
    line.setEncoding('utf8')
    line.on('data', (chunk: string) => {
      text += chunk
      if (chunk.includes('\n')) resolve(text)
      else if (text.length > longestAsk) line.destroy()
    })
    line.once('close', () => resolve(null))
  })
}

async function replyTo(
  text: string,
  supervisor: Supervisor,
  status: () => HolderStatus,
): Promise<{ readonly reply: Reply; readonly quits: boolean }> {
  try {
    const ask = JSON.parse(text) as Ask // only our own targets reach this socket
    await act(ask, supervisor)
    return { reply: { ok: true, status: status() }, quits: ask.ask === 'quit' }
  } catch (error) {
    const { message } = reportOf(error)
    const hint = error instanceof DeployError ? error.hint : undefined
    return { reply: { ok: false, message, ...(hint === undefined ? {} : { hint }) }, quits: false }
  }
}

function act(ask: Ask, supervisor: Supervisor): Promise<void> {
  switch (ask.ask) {
    case 'status':
      return Promise.resolve()
    case 'try':
      return supervisor.try(ask.recipe)
    case 'serve':
      return supervisor.serve(ask.recipe)
    case 'rest':
      return supervisor.rest()
    case 'stop':
      return supervisor.stop(ask.name)
    case 'quit':
      return supervisor.quit()
  }
}

/** Writes the file anew after a change; changes that come together are one write. */
function fileKeeper(folder: string, content: () => HolderFile): (() => void) & { stop(): Promise<void> } {
  let isDue = false
  let writing: Promise<void> | null = null
  let isOver = false
  const write = async (): Promise<void> => {
    while (isDue && !isOver) {
      isDue = false
      // a full disk must not end what runs; the next change tries again
      await writeAtomically(holderFile(folder), `${JSON.stringify(content())}\n`).catch(() => undefined)
    }
    writing = null
  }
  const keep = (): void => {
    isDue = true
    writing ??= Promise.resolve().then(write)
  }
  return Object.assign(keep, {
    async stop() {
      isOver = true
      await writing
    },
  })
}
