"""Who appears in the demo data. All names, numbers and companies are invented."""

from __future__ import annotations

from portal.kernel.policy import Role

PASSWORD = "rackpass-demo-2026"  # noqa: S105  (printed by `make run`; demo data is never loaded in production)

STAFF: tuple[tuple[str, str, Role], ...] = (
    ("service@rackpass.example", "周敏", Role.CUSTOMER_SERVICE),
    ("service2@rackpass.example", "何静", Role.CUSTOMER_SERVICE),
    ("sales@rackpass.example", "韩磊", Role.SALES),
    ("room@rackpass.example", "马超", Role.ROOM_STAFF),
    ("duty@rackpass.example", "孙强", Role.DUTY),
    ("duty2@rackpass.example", "郑毅", Role.DUTY),
    ("supervisor@rackpass.example", "林岚", Role.SUPERVISOR),
    ("supervisor2@rackpass.example", "高原", Role.SUPERVISOR),
    ("supervisor3@rackpass.example", "白杨", Role.SUPERVISOR),
    ("admin@rackpass.example", "吴凡", Role.ADMINISTRATOR),
    ("auditor@rackpass.example", "沈清", Role.AUDITOR),
)
CLIENT_ADMIN, CLIENT_MEMBER = "client@xinghai.example", "member@xinghai.example"

# One account for each role, as `make run` prints them.
ACCOUNTS: tuple[tuple[str, str], ...] = (
    (CLIENT_ADMIN, "client administrator"),
    (CLIENT_MEMBER, "client member"),
    ("service@rackpass.example", "customer service"),
    ("sales@rackpass.example", "sales"),
    ("room@rackpass.example", "machine-room staff"),
    ("duty@rackpass.example", "duty staff at the gate"),
    ("supervisor@rackpass.example", "supervisor"),
    ("admin@rackpass.example", "administrator"),
    ("auditor@rackpass.example", "auditor"),
)

# Company, e-mail domain, people who hold badges or move equipment.
COMPANIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("星海数联（北京）信息技术有限公司", "xinghai", ("王珺", "刘洋", "张䶮")),
    ("澄明医疗信息（上海）股份有限公司", "chengming", ("李想", "苏婉", "高远")),
    ("华北云图科技有限公司", "yuntu", ("刘波", "陈晨", "邓超然")),
    ("青禾网络科技有限公司", "qinghe", ("郭靖宇", "罗曼", "梁思成")),
    ("北辰智算（天津）科技有限公司", "beichen", ("宋宇", "唐棠", "许诺")),
    ("海岳证券信息系统有限公司", "haiyue", ("韩雪", "冯程程", "董磊")),
    ("云栖数字传媒有限公司", "yunqi", ("曹阳", "袁泉", "邱实")),
    ("天工仿真软件（苏州）有限公司", "tiangong", ("彭湃", "潘悦", "范一舟")),
    ("同舟物流科技股份有限公司", "tongzhou", ("蒋欣", "蔡明远", "余温")),
    ("启明在线教育科技有限公司", "qiming", ("杜鹃", "叶知秋", "魏然")),
    ("远山游戏（杭州）有限公司", "yuanshan", ("吕布文", "丁香", "任我行")),
    ("中科灵犀人工智能研究院有限公司", "lingxi", ("姚远", "卢沟", "傅雷鸣")),
    ("恒泰保险经纪有限公司", "hengtai", ("钟声", "姜文博", "崔健行")),
    ("百川数据服务（深圳）有限公司", "baichuan", ("谭咏", "廖凡", "熊猫儿")),
    ("南岭能源互联网有限公司", "nanling", ("金鑫", "陆离", "郝仁")),
    ("锦程航旅信息有限公司", "jincheng", ("孔明哲", "白露", "崔颢")),
    ("晨曦电子商务有限公司", "chenxi", ("毛宁", "康健", "邵逸")),
    ("鼎新软件开发（武汉）有限公司", "dingxin", ("万里", "钱多多", "覃川")),
    ("知微安全技术有限公司", "zhiwei", ("武岳", "戴维", "莫言声")),
    ("四方通信工程有限公司", "sifang", ("孟晓", "秦川", "江河")),
    ("乐活健康管理（成都）有限公司", "lehuo", ("史册", "顾盼", "侯鸟")),
    ("凌云航空数据有限公司", "lingyun", ("龙腾", "万象", "段誉之")),
    ("方圆检测认证有限公司", "fangyuan", ("雷鸣", "钱塘", "汤显")),
    ("大禹水务信息化有限公司", "dayu", ("尹航", "黎明辉", "易水寒")),
)
INDIVIDUALS: tuple[str, ...] = ("陈堃", "林㛃", "赵喆", "徐一帆", "罗飞", "胡桃")
