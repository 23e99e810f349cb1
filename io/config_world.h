// The real ConfigSource: files of this machine and variables of this process.
#pragma once

#include "io/config_parser.h"

namespace rubus::io {

ConfigSource world_config_source();

}  // namespace rubus::io
