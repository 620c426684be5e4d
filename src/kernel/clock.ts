/** Tells the time of the one authority (the database), whatever this machine's own clock says. */
export interface Clock {
  now(): Date
}
