import "carillon/react/inbox.css";
import "./style.css";

import { Inbox } from "carillon/react";
import type { Metadata } from "next";
import type { ReactNode } from "react";

import { currentUser } from "./carillon";
import { Providers } from "./providers";

export const metadata: Metadata = { title: "A bell that rings" };

export default async function Layout({ children }: { children: ReactNode }) {
  const { sub } = await currentUser();
  return (
    <html lang="en">
      <body>
        <Providers userId={sub}>
          <header>
            <strong>My app</strong>
            <Inbox />
          </header>
          {children}
        </Providers>
      </body>
    </html>
  );
}
