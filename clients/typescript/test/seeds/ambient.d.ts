// Names that the guides' snippets take from their own apps.

declare module "@/hooks/useAuth" {
  export function useAuth(): { user: { id: string } | null; accessToken: string | null };
}

declare module "sonner" {
  interface Options {
    description?: string;
    action?: { label: string; onClick: () => void };
  }
  export const toast: { info(text: string, options?: Options): void; success(text: string, options?: Options): void };
}

declare module "@tanstack/react-query" {
  export function useQueryClient(): { invalidateQueries(filters: { queryKey: string[] }): Promise<void> };
}

declare function navigate(path: string): void;
