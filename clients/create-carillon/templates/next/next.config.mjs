/** @type {import("next").NextConfig} */
export default {
  // The app may be in a folder of another project.
  turbopack: { root: import.meta.dirname },
};
