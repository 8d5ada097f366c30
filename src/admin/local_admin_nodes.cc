#include "admin/local_admin.h"
#include "store/nodes/node_list.h"
#include "store/store.h"

// The requests about the servers that have the store open.
namespace posthorn::admin {

async::Task<Result<Answer>> LocalAdmin::list_nodes(Json /*request*/) {
  if (store_.node() == 0)
    co_return fail(ErrorKind::not_supported,
                   "only one server can have this store open (storage.engine)");
  const auto nodes = store_.nodes().list();
  if (nodes.empty())
    co_return fail(ErrorKind::unavailable,
                   "no server is running here, and only a server sees which others live");
  boost::json::array list;
  for (const auto& [row, lives, shards] : nodes)
    list.push_back(Json{{"node", fmt::format("{:016x}", row.node)},
                        {"host", row.host},
                        {"version", row.version},
                        {"since", row.since},
                        {"clock", row.clock},
                        {"lives", lives},
                        {"shards", shards},
                        {"self", row.node == store_.node()}});
  co_return Answer{{{"nodes", std::move(list)}}};
}

}  // namespace posthorn::admin
