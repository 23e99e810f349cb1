// Counters and Traffic belong to the seam, because shards tell them each other.
#pragma once

#include "engine/seam/shard_snapshot.h"
