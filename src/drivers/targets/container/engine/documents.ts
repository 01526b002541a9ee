/** Answers of an engine that are one JSON document a line, cut anywhere on the way: pulls, events. Pure. */
export function documentsIn(onDocument: (document: unknown) => void): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const line = rest.subarray(0, end).toString('utf8').trim()
      rest = rest.subarray(end + 1)
      if (line !== '') onDocument(JSON.parse(line) as unknown)
    }
  }
}
