// Act as: operations, channels and sockets of the chosen person.

import "/console/identity.js";
import "/console/operations.js";
import "/console/channels.js";
import "/console/sockets.js";
