/** A message that broke a rule or a limit: the status it is answered with, and which rule that was. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code = 'HTTP_REFUSED';
  readonly status: number;
  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}
