"""What other makers' routers do with our texts, as far as their documents tell: read strictly, an unknown word fails.

rtx       YAMAHA: static filters, first match, dynamic ones on the out list (an interpreter)
cisco     IOS access lists with reflexive entries (an interpreter)
nec       UNIVERGE IX access lists by sequence number, dynamic ones out (an interpreter)
routeros  MikroTik: rules from top to bottom -> nftables
fw4       OpenWrt: uci commands -> what fw4 loads into nftables
vyos      VyOS and EdgeOS: set commands -> what they load into nftables
"""
