import type { ReactElement } from "react";

/** The picture of the bell. */
export function Bell(): ReactElement {
  return (
    <svg className="carillon-inbox-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M6 9.5a6 6 0 0 1 12 0c0 5 2 6.5 2.5 7.5h-17C4 16 6 14.5 6 9.5Z" />
      <path d="M9.75 20a2.4 2.4 0 0 0 4.5 0" />
    </svg>
  );
}
