// Act as: operations, channels and sockets of whoever was chosen.

import "/console/identity.js";
import "/console/operations.js";
import "/console/channels.js";
import "/console/sockets.js";
