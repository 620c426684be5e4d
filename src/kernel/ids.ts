/** Makes identifiers that sort by the time they were made (UUID version 7). */
export interface Ids {
  next(): string
}
