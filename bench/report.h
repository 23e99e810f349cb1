// The result of a campaign as Markdown: medians with ranges, ratios, the machine, the command.
//
// A cell is "median [lowest – highest]" over the rounds that did not fail; a cell whose runs failed
// says so, and the reasons are listed at the end. Ratios are of medians, A over B.
#pragma once

#include <string>

#include "bench/campaign.h"
#include "bench/load_options.h"

namespace rubus::load {

std::string report_text(const LoadOptions& options, const Campaign& campaign);

}  // namespace rubus::load
