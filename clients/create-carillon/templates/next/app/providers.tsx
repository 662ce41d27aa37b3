"use client";

import { CarillonProvider } from "carillon/react";
import type { ReactNode } from "react";

import { readToken } from "./actions";

export function Providers({ userId, children }: { userId: string; children: ReactNode }) {
  return (
    <CarillonProvider
      apiUrl={process.env.NEXT_PUBLIC_CARILLON_URL!}
      appKey={process.env.NEXT_PUBLIC_CARILLON_KEY!}
      cluster={process.env.NEXT_PUBLIC_CARILLON_CLUSTER || undefined}
      userId={userId}
      token={() => readToken()}
    >
      {children}
    </CarillonProvider>
  );
}
